// Keys: search, make, change, rotate, delete. A key is shown once.
import { useState } from 'preact/hooks'
import { change, useAnswer } from './api.js'
import { Pager, queryOf, usePages } from './lists.js'
import { Confirm, Loaded } from './parts.js'
import { type Entry, RightsForm, wordsOf } from './rights.js'

const hourMs = 3_600_000
const pageSize = 50
/** How long a key stays valid after its rotation. */
const overlaps = {
  'not at all': 0,
  'an hour': hourMs,
  'a day': 24 * hourMs,
  'a week': 7 * 24 * hourMs,
  '30 days': 30 * 24 * hourMs,
}
interface Told {
  name: string
  key: string
}

export function Keys() {
  const [search, setSearch] = useState('')
  const list = usePages<Entry>(`/keys?limit=${pageSize}&${queryOf({ search })}`, 'after')
  const { items, error } = list
  const teams = useAnswer<{ data: Entry[] }>('/teams').answer?.data.map(({ name }) => name) ?? []
  const [edited, setEdited] = useState<string>()
  const [told, setTold] = useState<Told>()
  return (
    <section aria-labelledby="keys">
      <div class="row">
        <h2 id="keys">Keys</h2>
        <input
          type="search"
          aria-label="Search keys and teams"
          placeholder="Search"
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
        <button type="button" class="main" onClick={() => setEdited('')}>
          New key
        </button>
      </div>
      {told !== undefined && <NewKey told={told} done={() => setTold(undefined)} />}
      {edited === '' && (
        <RightsForm
          title="New key"
          teams={teams}
          save={async (body) => setTold(await change<Told>('POST', '/keys', body))}
          done={() => setEdited(undefined)}
        />
      )}
      <Loaded
        error={error}
        items={items}
        empty={
          search === ''
            ? 'There are no keys yet. Make the first with “New key”.'
            : 'No key has this in its name or team.'
        }
      >
        <ul class="entries">
          {items?.map((entry) => (
            <li key={`${entry.source} ${entry.name}`} class="card">
              <KeyEntry entry={entry} edit={() => setEdited(entry.name)} tell={setTold} />
              {edited === entry.name && entry.source === 'database' && (
                <RightsForm
                  title={`Change ${entry.name}`}
                  entry={entry}
                  teams={teams}
                  save={(body) => change('PATCH', pathOf(entry), body)}
                  done={() => setEdited(undefined)}
                />
              )}
            </li>
          ))}
        </ul>
        <Pager {...list} />
      </Loaded>
    </section>
  )
}

const pathOf = ({ name }: Entry) => `/keys/${encodeURIComponent(name)}`

function KeyEntry({ entry, edit, tell }: { entry: Entry; edit(): void; tell(told: Told): void }) {
  const { name, team, source, expires, previousUntil } = entry
  const [overlap, setOverlap] = useState(hourMs)
  const notes = [
    wordsOf(entry) || 'No limits',
    expires !== undefined &&
      `${Date.parse(expires) < Date.now() ? 'ended' : 'until'} ${expires.slice(0, 16).replace('T', ' ')} UTC`,
    previousUntil !== undefined &&
      `the key before is valid until ${previousUntil.slice(0, 16).replace('T', ' ')} UTC`,
    source === 'configuration' && 'in the configuration: change it there',
  ].filter(Boolean)
  return (
    <div class="entry">
      <div>
        <h3>
          {name} {team !== undefined && <span class="tag">{team}</span>}
        </h3>
        <p class="soft">{notes.join(' · ')}</p>
      </div>
      {source === 'database' && (
        <div class="row">
          <button type="button" aria-label={`Change ${name}`} onClick={edit}>
            Change
          </button>
          <Confirm
            label="Rotate"
            name={name}
            question="Make a new key? It is shown once."
            act={async () => tell(await change<Told>('POST', `${pathOf(entry)}/rotate`, { overlap }))}
          >
            <label>
              The old key stays valid
              <select value={overlap} onChange={(event) => setOverlap(Number(event.currentTarget.value))}>
                {Object.entries(overlaps).map(([words, ms]) => (
                  <option key={words} value={ms}>
                    {words}
                  </option>
                ))}
              </select>
            </label>
          </Confirm>
          <Confirm
            label="Delete"
            name={name}
            question="Delete this key? Whoever uses it is refused at once."
            act={() => change('DELETE', pathOf(entry))}
          />
        </div>
      )}
    </div>
  )
}

function NewKey({ told: { name, key }, done }: { told: Told; done(): void }) {
  const [copied, setCopied] = useState('')
  const copy = () =>
    // Only pages of https or of this machine may copy.
    (navigator.clipboard?.writeText(key) ?? Promise.reject()).then(
      () => setCopied('Copied.'),
      () => setCopied('The browser does not let this page copy. Select the key.'),
    )
  return (
    <div class="card told" role="status">
      <p>
        The key of <strong>{name}</strong>. It is shown only now.
      </p>
      <code>{key}</code>
      <div class="row">
        <button type="button" class="main" onClick={copy}>
          Copy
        </button>
        <button type="button" onClick={done}>
          Done
        </button>
        <span>{copied}</span>
      </div>
    </div>
  )
}
