// The client akismet-api from npm, with its own options for host and protocol. Check and submit go to KEY.HOST.
const { AkismetClient } = require('akismet-api')

async function main() {
  const [ham, spam] = JSON.parse(require('node:fs').readFileSync(0, 'utf8'))
  const { KEY: key, BLOG: blog, HOST: host } = process.env
  const client = new AkismetClient({ key, blog, host, protocol: 'http' })
  const stranger = new AkismetClient({ key: '123456789abc', blog, host, protocol: 'http' })
  const told = {
    valid: await client.verifyKey(),
    invalid: await stranger.verifyKey(),
    checks: [await client.checkSpam(ham), await client.checkSpam(spam)],
    trapped: await client.checkSpam({ ...ham, content: 'Another thought about the crust.', honeypot: 'filled in' })
  }
  told.spam = (await client.submitSpam(ham)).text
  told.ham = (await client.submitHam(spam)).text
  told.error = await stranger.checkSpam(ham).catch(error => error.message)
  console.log(JSON.stringify(told))
}

main()
