// Teams: what their keys may do and spend together.
import { useState } from 'preact/hooks'
import { change } from './api.js'
import { Pager, queryOf, usePages } from './lists.js'
import { Confirm, Loaded } from './parts.js'
import { type Entry, RightsForm, wordsOf } from './rights.js'

const pageSize = 50

export function Teams() {
  const [search, setSearch] = useState('')
  const list = usePages<Entry>(`/teams?limit=${pageSize}&${queryOf({ search })}`, 'after')
  const { items, error } = list
  const [edited, setEdited] = useState<string>()
  const done = () => setEdited(undefined)
  return (
    <section aria-labelledby="teams">
      <div class="row">
        <h2 id="teams">Teams</h2>
        <input
          type="search"
          aria-label="Search teams"
          placeholder="Search"
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
        <button type="button" class="main" onClick={() => setEdited('')}>
          New team
        </button>
      </div>
      {edited === '' && (
        <RightsForm title="New team" save={(body) => change('POST', '/teams', body)} done={done} />
      )}
      <Loaded
        error={error}
        items={items}
        empty={
          search === ''
            ? 'There are no teams yet. The budget of a team holds for all its keys together.'
            : 'No team has this in its name.'
        }
      >
        <ul class="entries">
          {items?.map((entry) => {
            const path = `/teams/${encodeURIComponent(entry.name)}`
            return (
              <li key={entry.name} class="card">
                <div class="entry">
                  <div>
                    <h3>{entry.name}</h3>
                    <p class="soft">{wordsOf(entry) || 'No limits'}</p>
                  </div>
                  <div class="row">
                    <button
                      type="button"
                      aria-label={`Change ${entry.name}`}
                      onClick={() => setEdited(entry.name)}
                    >
                      Change
                    </button>
                    <Confirm
                      label="Delete"
                      name={entry.name}
                      question="Delete this team? It must have no keys."
                      act={() => change('DELETE', path)}
                    />
                  </div>
                </div>
                {edited === entry.name && (
                  <RightsForm
                    title={`Change ${entry.name}`}
                    entry={entry}
                    save={(body) => change('PATCH', path, body)}
                    done={done}
                  />
                )}
              </li>
            )
          })}
        </ul>
        <Pager {...list} />
      </Loaded>
    </section>
  )
}
