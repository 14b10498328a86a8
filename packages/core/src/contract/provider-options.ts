// Provider options: fields of a service's own request, by the name of its provider.

/**
 * Fields that are merged into the body of the request last, by provider name: `{ claude: { service_tier: 'auto' } }`. Those of other
 * providers are not read, so that one request can be sent to several.
 */
export interface ProviderRequestOptions extends PatchbayProviderOptions {
  readonly [provider: string]: Record<string, unknown> | undefined
}

declare global {
  /**
   * The fields that editors offer in `providerOptions`. Backends add theirs here:
   * `declare global { interface PatchbayProviderOptions { readonly mine?: FieldsOf<Body> } }`.
   */
  interface PatchbayProviderOptions {}
}

/** The names of the fields of a request body. Their values are not checked, and any other field is allowed. */
export type FieldsOf<Body> = { readonly [Field in keyof Body]?: unknown } & {
  readonly [field: string]: unknown
}
