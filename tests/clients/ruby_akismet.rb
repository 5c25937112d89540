# The client from Debian's ruby-akismet. Its host is built in; the key is the first label of it.
require 'akismet'
require 'json'

ham, spam = JSON.parse($stdin.read)
key, blog = ENV.fetch('KEY'), ENV.fetch('BLOG')

def given(fields)
  [fields['user_ip'], fields['user_agent'],
   { post_url: fields['permalink'], referrer: fields['referrer'], type: fields['comment_type'],
     author: fields['comment_author'], author_email: fields['comment_author_email'],
     author_url: fields['comment_author_url'], text: fields['comment_content'], created_at: DateTime.now }]
end

client = Akismet::Client.new(key, blog, app_name: 'tests', app_version: '1')
told = { valid: client.verify_key,
         invalid: Akismet::Client.new('123456789abc', blog).verify_key,
         checks: [client.check(*given(ham)), client.check(*given(spam))] }
ip, agent, fields = given(ham)
sure = fields.merge(author: 'akismet-guaranteed-spam', test: true, test_discard: true)
told[:discard] = client.check(ip, agent, sure)
client.open do
  client.spam(*given(ham))
  client.ham(*given(spam))
end
begin
  Akismet::Client.new('123456789abc', blog).check(*given(ham))
rescue Akismet::Error => e
  told[:error] = e.message
end
puts JSON.generate(told)
