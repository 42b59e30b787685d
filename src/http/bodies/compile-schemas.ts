import AjvCompiler from '@fastify/ajv-compiler'
import SerializerSelector from '@fastify/fast-json-stringify-compiler'
import type { FastifyServerOptions } from 'fastify'

type Compilers = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>

interface Validator {
  (value: unknown): unknown
  /** What is wrong with the value of the last call. */
  errors?: unknown
}
type Compile<Compiled> = (route: unknown) => Compiled
type Build<Compiled> = (schemas: unknown, options: unknown) => Compile<Compiled>

// The types of both packages have overloads for JSON Type Definition, which is not used here.
const validators = AjvCompiler() as unknown as Build<Validator>
const serializers = SerializerSelector() as unknown as Build<(answer: unknown) => string>

const buildValidator: Build<Validator> = (schemas, options) => (route) => {
  let compiled: Validator | undefined
  const validate: Validator = (value) => {
    compiled ??= validators(schemas, options)(route)
    const isValid = compiled(value)
    validate.errors = compiled.errors
    return isValid
  }
  return validate
}

const buildSerializer: Build<(answer: unknown) => string> = (schemas, options) => (route) => {
  let serialize: ((answer: unknown) => string) | undefined
  return (answer) => {
    serialize ??= serializers(schemas, options)(route)
    return serialize(answer)
  }
}

/**
 * Compile the schemas of a route when it is first called: to compile all of them took most of each start. Problems have no
 * schema: sendProblem writes those itself.
 */
export const compileWhenFirstUsed = { buildValidator, buildSerializer } as unknown as Compilers
