/** One message of a stream of server-sent events. */
export interface ServerSent {
  readonly event: string
  readonly data: string
  /** Null where the message has none. */
  readonly id: string | null
  /** After how many milliseconds the server wants to be asked again; null where it does not say. */
  readonly retryMs: number | null
}

/** Reads messages out of the pieces in which a stream arrives; comments are left out. */
export class ServerSentReader {
  #rest = ''

  /** Return the messages that a piece completes. */
  read(piece: string): ServerSent[] {
    const blocks = (this.#rest + piece.replaceAll('\r', '')).split('\n\n')
    this.#rest = blocks.pop() ?? ''
    return blocks.map(readBlock).filter((message) => message !== null)
  }
}

function readBlock(block: string): ServerSent | null {
  const fields = new Map<string, string>()
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trimStart())
  }
  if (fields.size === 0) return null
  return {
    event: fields.get('event') ?? '',
    data: fields.get('data') ?? '',
    id: fields.get('id') ?? null,
    retryMs: readWhole(fields.get('retry')),
  }
}

function readWhole(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : null
}
