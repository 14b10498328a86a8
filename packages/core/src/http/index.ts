// Entry point of @patchbay/core/http.
export {}
