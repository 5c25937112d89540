// The client @cedx/akismet from npm, with its own option for the address.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

// Modules are not looked for in NODE_PATH, but next to who asks.
const where = createRequire(`${process.env.NODE_PATH}/`).resolve('@cedx/akismet')
const { Author, Blog, CheckResult, Client, Comment } = await import(pathToFileURL(where))

const { KEY: key, BLOG: blog, BASE: baseUrl } = process.env
const given = fields => new Comment({
  author: new Author({
    ipAddress: fields.user_ip,
    name: fields.comment_author,
    email: fields.comment_author_email,
    url: fields.comment_author_url ? new URL(fields.comment_author_url) : null,
    userAgent: fields.user_agent,
    role: ''
  }),
  content: fields.comment_content,
  context: ['bread', 'baking'],
  date: new Date(),
  permalink: new URL(fields.permalink),
  referrer: new URL(fields.referrer),
  type: 'comment'
})
const name = result => Object.entries(CheckResult).find(([, value]) => value === result)[0]

const [ham, spam] = JSON.parse(readFileSync(0, 'utf8'))
const site = new Blog({ url: new URL(blog), charset: 'UTF-8', languages: ['en'] })
const client = new Client(key, site, { baseUrl })
const stranger = new Client('123456789abc', site, { baseUrl })
const told = {
  valid: await client.verifyKey(),
  invalid: await stranger.verifyKey(),
  checks: [name(await client.checkComment(given(ham))), name(await client.checkComment(given(spam)))]
}
await client.submitSpam(given(ham))
await client.submitHam(given(spam))
told.error = await stranger.checkComment(given(ham)).catch(error => error.message)
console.log(JSON.stringify(told))
