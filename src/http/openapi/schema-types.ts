import type { Type as TypeBox } from 'typebox'

type Used = 'String' | 'Boolean' | 'Integer' | 'Null' | 'Literal' | 'Array' | 'Object' | 'Optional' | 'Unsafe'

const optionalSchemas = new WeakSet<object>()

/**
 * The builders of TypeBox that the routes use. The types are TypeBox's. Its code is not loaded, because it also has a parser
 * and a checker of types: together they took a fifth of each start and 15 MB of memory.
 */
export const Type = {
  String: (options?: object) => ({ type: 'string', ...options }),
  Boolean: (options?: object) => ({ type: 'boolean', ...options }),
  Integer: (options?: object) => ({ type: 'integer', ...options }),
  Null: (options?: object) => ({ type: 'null', ...options }),
  Literal: (value: unknown, options?: object) => ({ type: typeof value, const: value, ...options }),
  Array: (items: object, options?: object) => ({ type: 'array', items, ...options }),
  Object(properties: Readonly<Record<string, object>>, options?: object) {
    const required = Object.keys(properties).filter((name) => !optionalSchemas.has(properties[name] ?? {}))
    return { type: 'object', ...(required.length > 0 ? { required } : {}), properties, ...options }
  },
  Optional(schema: object) {
    const optional = { ...schema }
    optionalSchemas.add(optional)
    return optional
  },
  Unsafe: (schema: object) => ({ ...schema }),
} as unknown as Pick<typeof TypeBox, Used>
