import { isDecimalText, type DecimalText } from './money'

/** An answer of the server does not have the shape that the contract gives it. */
export class AnswerShapeError extends Error {
  constructor(path: string, expected: string) {
    super(`The answer is malformed: ${path} is not ${expected}.`)
    this.name = 'AnswerShapeError'
  }
}

/** The members of a shape that are of a type; null and what may be left out are of none. */
type Named<Shape, Type> = {
  [Name in keyof Shape]-?: Shape[Name] extends Type ? Name : never
}[keyof Shape] &
  string

/** The members of a shape that are of a type, or null. */
type NamedOrNull<Shape, Type> = {
  [Name in keyof Shape]-?: null extends Shape[Name]
    ? NonNullable<Shape[Name]> extends Type
      ? Name
      : never
    : never
}[keyof Shape] &
  string

/** One member of a shape, where it is known not to be null. */
type Present<Shape, Name extends keyof Shape> = Readonly<Record<Name, NonNullable<Shape[Name]>>>

type Item<List> = List extends readonly (infer Of)[] ? Of : never

type NameOfAny<Shape> = Shape extends unknown ? keyof Shape & string : never

/** Nothing, where a shape has all of a part; otherwise what is wrong with it. */
type PartOf<Shape, Part> = [Shape] extends [Part]
  ? unknown
  : { readonly missing: Exclude<keyof Part, keyof Shape> }

/** Choices, where they are all that a type has; otherwise what is wrong with them. */
type AllOf<Type, Choices extends readonly unknown[]> = [Type] extends [Choices[number]]
  ? Choices
  : { readonly missing: Exclude<Type, Choices[number]> }

const isText = (value: unknown): value is string => typeof value === 'string'
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean'
const isNumber = (value: unknown): value is number => Number.isFinite(value)

function areTextsByName(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every(isText)
  )
}

/**
 * Reads typed values out of an unknown answer; every reader throws on a wrong shape.
 *
 * The shape is the one that the OpenAPI document gives the answer, so that a member which the
 * document does not have, or has otherwise, is a mistake to the compiler.
 */
export class AnswerReader<Shape> {
  readonly #members: Record<string, unknown>
  readonly #path: string

  constructor(value: unknown, path = 'answer') {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new AnswerShapeError(path, 'an object')
    }
    this.#members = value as Record<string, unknown>
    this.#path = path
  }

  text(name: Named<Shape, string>): string {
    return this.#read(name, 'text', isText)
  }

  number(name: Named<Shape, number>): number {
    return this.#read(name, 'a number', isNumber)
  }

  textOrNull(name: NamedOrNull<Shape, string>): string | null {
    return this.#readOrNull(name, 'text or null', isText)
  }

  numberOrNull(name: NamedOrNull<Shape, number>): number | null {
    return this.#readOrNull(name, 'a number or null', isNumber)
  }

  decimalOrNull(name: NamedOrNull<Shape, string>): DecimalText | null {
    return this.#readOrNull(name, 'a decimal string or null', isDecimalText)
  }

  flag(name: Named<Shape, boolean>): boolean {
    return this.#read(name, 'true or false', isFlag)
  }

  decimal(name: Named<Shape, string>): DecimalText {
    return this.#read(name, 'a decimal string', isDecimalText)
  }

  /** Read one of several words; all that the document has are to be named. */
  oneOf<Name extends Named<Shape, string>, const Choices extends readonly Shape[Name][]>(
    name: Name,
    choices: Choices & AllOf<Shape[Name], Choices>,
  ): Choices[number] {
    return this.#read(name, `one of ${choices.join(', ')}`, (value): value is Choices[number] =>
      (choices as readonly unknown[]).includes(value),
    )
  }

  object<Name extends Named<Shape, object>>(name: Name): AnswerReader<Shape[Name]> {
    return new AnswerReader(this.#members[name], this.#at(name))
  }

  list<Name extends Named<Shape, readonly object[]>, Parsed>(
    name: Name,
    parse: (item: AnswerReader<Item<Shape[Name]>>) => Parsed,
  ): Parsed[] {
    const value: unknown = this.#members[name]
    if (!Array.isArray(value)) throw new AnswerShapeError(this.#at(name), 'a list')
    return value.map((item, index) => parse(new AnswerReader(item, `${this.#at(name)}[${index}]`)))
  }

  /** Read texts by name; one that is left out is not named. */
  named<Name extends Named<Shape, object>>(
    name: Name,
  ): Readonly<Partial<Record<keyof Shape[Name], string>>> {
    return this.#read(
      name,
      'texts by name',
      (value): value is Partial<Record<keyof Shape[Name], string>> => areTextsByName(value),
    )
  }

  /** Read a list of texts by name. */
  eachNamed<Name extends Named<Shape, readonly object[]>>(
    name: Name,
  ): readonly Readonly<Partial<Record<keyof Item<Shape[Name]>, string>>>[] {
    return this.#read(
      name,
      'a list of texts by name',
      (value): value is Partial<Record<keyof Item<Shape[Name]>, string>>[] =>
        Array.isArray(value) && value.every(areTextsByName),
    )
  }

  /** Read a list of texts. */
  texts(name: Named<Shape, readonly string[]>): string[] {
    return this.#read(
      name,
      'a list of texts',
      (value): value is string[] => Array.isArray(value) && value.every(isText),
    )
  }

  /** Read what may be null. It is there nevertheless: what is left out has a wrong shape. */
  maybe<Name extends NamedOrNull<Shape, unknown>, Parsed>(
    name: Name,
    read: (answer: AnswerReader<Present<Shape, Name>>) => Parsed,
  ): Parsed | null {
    if (this.#members[name] === undefined) throw new AnswerShapeError(this.#at(name), 'there')
    if (this.#members[name] === null) return null
    return read(this as unknown as AnswerReader<Present<Shape, Name>>)
  }

  /** Read a part that other answers have too. */
  part<Part, Parsed>(parse: ((part: AnswerReader<Part>) => Parsed) & PartOf<Shape, Part>): Parsed {
    return parse(this as unknown as AnswerReader<Part>)
  }

  /** Read the answer as the one of several shapes that has a member, null where it is not that. */
  having<Name extends NameOfAny<Shape>>(
    name: Name,
  ): AnswerReader<Extract<Shape, Readonly<Record<Name, unknown>>>> | null {
    if (this.#members[name] === undefined) return null
    return this as unknown as AnswerReader<Extract<Shape, Readonly<Record<Name, unknown>>>>
  }

  #readOrNull<Value>(
    name: string,
    expected: string,
    isExpected: (value: unknown) => value is Value,
  ): Value | null {
    return this.#members[name] === null ? null : this.#read(name, expected, isExpected)
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
