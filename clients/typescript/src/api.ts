import type { ParamsOption, RequestBodyOption } from 'openapi-fetch'
import type {
  HttpMethod,
  PathsWithMethod,
  RequiredKeysOf,
  ResponseObjectMap,
  SuccessResponse,
} from 'openapi-typescript-helpers'
import type { CommonProblemCode, RouteProblemCodes } from './generated/routes.ts'
import type { paths } from './generated/schema.ts'
import type { ClientProblemCode, Problem } from './problem.ts'

/** The routes for account holders. The client itself refreshes and signs out. */
type ApiPaths = Omit<paths, '/v1/token/refresh' | '/v1/logout'>

/** The codes that a call of this route may report. */
export type CodesOf<Route extends string> =
  | (Route extends keyof RouteProblemCodes ? RouteProblemCodes[Route] : never)
  | CommonProblemCode
  | ClientProblemCode

type DataOf<Operation> =
  Operation extends Record<string | number, unknown> ? SuccessResponse<ResponseObjectMap<Operation>> : never

/** What a call takes beside the path: `body` and `params` as the route documents them, and options of `fetch` such as `signal`. */
type InitOf<Operation> = ParamsOption<Operation> &
  RequestBodyOption<Operation> &
  Omit<RequestInit, 'body' | 'headers' | 'method'> & { headers?: Record<string, string> }

/** The result of a call. A route that answers 204 has neither data nor problem: look at `problem`. */
export type ApiResult<Data, Code extends string> =
  | { data: Data; problem?: undefined; response: Response }
  | {
      data?: undefined
      problem: Problem<Code>
      /** Undefined if no answer came. */
      response?: Response
    }

type ApiMethod<Method extends HttpMethod> = <Path extends PathsWithMethod<ApiPaths, Method>>(
  path: Path,
  ...init: RequiredKeysOf<InitOf<ApiPaths[Path][Method]>> extends never
    ? [InitOf<ApiPaths[Path][Method]>?]
    : [InitOf<ApiPaths[Path][Method]>]
) => Promise<ApiResult<DataOf<ApiPaths[Path][Method]>, CodesOf<`${Uppercase<Method>} ${Path}`>>>

/** The API with types: `api.POST('/v1/register', { body })`. */
export interface Api {
  GET: ApiMethod<'get'>
  POST: ApiMethod<'post'>
  PUT: ApiMethod<'put'>
  PATCH: ApiMethod<'patch'>
  DELETE: ApiMethod<'delete'>
}
