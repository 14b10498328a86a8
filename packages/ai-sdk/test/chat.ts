// The AI SDK's chat class (the one behind `useChat`), with its state in memory instead of in React.
import { AbstractChat, type ChatState, type ChatStatus, type ChatTransport, type UIMessage } from 'ai'

class State implements ChatState<UIMessage> {
  status: ChatStatus = 'ready'
  error: Error | undefined
  messages: UIMessage[] = []
  pushMessage = (message: UIMessage) => void this.messages.push(message)
  popMessage = () => void this.messages.pop()
  replaceMessage = (index: number, message: UIMessage) => {
    this.messages[index] = message
  }
  snapshot = <T>(value: T): T => structuredClone(value)
}
class Chat extends AbstractChat<UIMessage> {}

/** A chat of `useChat` over this transport. */
export function chatBy(transport: ChatTransport<UIMessage>): AbstractChat<UIMessage> {
  return new Chat({ state: new State(), transport })
}

/** The words of a message. */
export function textOf({ parts }: UIMessage): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
}
