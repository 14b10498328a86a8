// Server addresses: what may be shown, and what is added to every request.
import { expect, it } from 'vitest'
import { serverAddress } from '../index.js'

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`

it.each([
  ['http://h:1/v1', { baseURL: 'http://h:1/v1', query: '' }],
  ['http://h:1/v1/', { baseURL: 'http://h:1/v1/', query: '' }],
  ['http://u:p%40ss@h/v1', { baseURL: 'http://h/v1', query: '', authorization: basic('u:p@ss') }],
  ['http://u@h', { baseURL: 'http://h', query: '', authorization: basic('u:') }],
  ['https://h/v1?api-version=1&k=%2F', { baseURL: 'https://h/v1', query: 'api-version=1&k=%2F' }],
  ['https://h/?a=b#c', { baseURL: 'https://h/', query: 'a=b' }],
])('%s', (text, expected) => expect(serverAddress(text, 'x')).toEqual(expected))

it.each([
  'nowhere',
  'http://',
  'http://user:hunter2@',
  'user:hunter2@host',
  'localhost:8080/v1',
  'ftp://host/',
  'http://user:hun@ter2@host:port/?key=hunter2',
  '//h?api-key=hunter2',
])('%s is refused, without its password', (text) => {
  const made = () => serverAddress(text, 'http://127.0.0.1:1')
  expect(made).toThrow(
    expect.objectContaining({
      code: 'config',
      message: expect.stringMatching(/is not the address.*127\.0\.0\.1:1/),
    }),
  )
  expect(made).not.toThrow(/hunter2|ter2/)
})
