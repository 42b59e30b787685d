/** A database URL that cannot be used. The message is one line for the operator and shows no part of the URL's secret. */
export class InvalidDatabaseUrl extends Error {}
