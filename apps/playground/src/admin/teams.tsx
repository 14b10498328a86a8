// Teams: what their keys may do and spend together.
import { useState } from 'preact/hooks'
import { change, useAnswer } from './api.js'
import { Confirm, Loaded } from './parts.js'
import { type Entry, RightsForm, wordsOf } from './rights.js'

export function Teams() {
  const { answer, error } = useAnswer<{ data: Entry[] }>('/teams')
  const [edited, setEdited] = useState<string>()
  const done = () => setEdited(undefined)
  return (
    <section aria-labelledby="teams">
      <div class="row">
        <h2 id="teams">Teams</h2>
        <button type="button" class="main" onClick={() => setEdited('')}>
          New team
        </button>
      </div>
      {edited === '' && (
        <RightsForm title="New team" save={(body) => change('POST', '/teams', body)} done={done} />
      )}
      <Loaded
        error={error}
        items={answer?.data}
        empty="There are no teams yet. The budget of a team holds for all its keys together."
      >
        <ul class="entries">
          {answer?.data.map((entry) => {
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
      </Loaded>
    </section>
  )
}
