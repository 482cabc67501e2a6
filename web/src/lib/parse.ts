import { isDecimalText, type Amount, type DecimalText } from './money'

/** An answer of the server does not have the shape that the contract gives it. */
export class AnswerShapeError extends Error {
  constructor(path: string, expected: string) {
    super(`The answer is malformed: ${path} is not ${expected}.`)
    this.name = 'AnswerShapeError'
  }
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean'
const isNumber = (value: unknown): value is number => Number.isFinite(value)
const isAmount = (value: unknown): value is Amount => isDecimalText(value) || isNumber(value)
const isIdentifier = (value: unknown): value is string | number =>
  isText(value) || Number.isInteger(value)

/** Reads typed values out of an unknown answer; every reader throws on a wrong shape. */
export class AnswerReader {
  readonly #members: Record<string, unknown>
  readonly #path: string

  constructor(value: unknown, path = 'answer') {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new AnswerShapeError(path, 'an object')
    }
    this.#members = value as Record<string, unknown>
    this.#path = path
  }

  has(name: string): boolean {
    return this.#members[name] !== undefined && this.#members[name] !== null
  }

  text(name: string): string {
    return this.#read(name, 'text', isText)
  }

  /** Read an identifier: whether it is a number is the server's affair. */
  identifier(name: string): string {
    return String(this.#read(name, 'an identifier', isIdentifier))
  }

  number(name: string): number {
    return this.#read(name, 'a number', isNumber)
  }

  flag(name: string): boolean {
    return this.#read(name, 'true or false', isFlag)
  }

  decimal(name: string): DecimalText {
    return this.#read(name, 'a decimal string', isDecimalText)
  }

  amount(name: string): Amount {
    return this.#read(name, 'an amount', isAmount)
  }

  oneOf<Choice extends string>(name: string, choices: readonly Choice[]): Choice {
    return this.#read(name, `one of ${choices.join(', ')}`, (value): value is Choice =>
      (choices as readonly unknown[]).includes(value),
    )
  }

  object(name: string): AnswerReader {
    return new AnswerReader(this.#members[name], this.#at(name))
  }

  list<Item>(name: string, parse: (item: AnswerReader) => Item): Item[] {
    const value = this.#members[name]
    if (!Array.isArray(value)) throw new AnswerShapeError(this.#at(name), 'a list')
    return value.map((item, index) => parse(new AnswerReader(item, `${this.#at(name)}[${index}]`)))
  }

  /** Read a list of texts. */
  texts(name: string): string[] {
    return this.#read(
      name,
      'a list of texts',
      (value): value is string[] => Array.isArray(value) && value.every(isText),
    )
  }

  /** Read an optional member: null where the answer has none. */
  maybe<Value>(name: string, read: (answer: this) => Value): Value | null {
    return this.has(name) ? read(this) : null
  }

  #at(name: string): string {
    return `${this.#path}.${name}`
  }

  #read<Value>(
    name: string,
    expected: string,
    isExpected: (value: unknown) => value is Value,
  ): Value {
    const value = this.#members[name]
    if (!isExpected(value)) throw new AnswerShapeError(this.#at(name), expected)
    return value
  }
}
