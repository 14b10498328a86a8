// Loads the engine that the settings name. Only that one is imported.
import type { LoadSettings } from '../../supervisor/protocol.js'
import type { Engine, LoadListener } from './engine.js'

/** @throws {JobError} `model-load` with advice */
export async function loadEngine(settings: LoadSettings, listener: LoadListener): Promise<Engine> {
  if (settings.engine === 'llama-server') {
    const { ServerEngine } = await import('./server/server-engine.js')
    return ServerEngine.load(settings, listener)
  }
  const { LlamaEngine } = await import('./llama-engine.js')
  return LlamaEngine.load(settings, listener)
}
