// Valid answers other than chats: vectors, lists of models, transcripts, counts, batches. From the services' documentation,
// November 2025.
export const openaiVectors = [
  '{"data":[{"index":0,"embedding":[1,2]},{"index":1,"embedding":[0.5,-1]}],"model":"e","usage":{"prompt_tokens":3}}',
  '{"data":[{"embedding":"AACAPw=="},{"embedding":"AAAAQA=="}]}',
]
export const ollamaVectors = ['{"model":"m","embeddings":[[1,2],[0.5,-1]],"prompt_eval_count":3}']
export const geminiVectors = [
  '{"embeddings":[{"values":[1,2]},{"values":[0.5,-1]}],"usageMetadata":{"promptTokenCount":3}}',
]
export const geminiBatches = [
  '{"name":"batches/b","done":true,"metadata":{"state":"BATCH_STATE_SUCCEEDED","batchStats":{"requestCount":"2","successfulRequestCount":"1","failedRequestCount":"1"}},"response":{"inlinedResponses":{"inlinedResponses":[{"metadata":{"key":"0"},"response":{"candidates":[{"content":{"parts":[{"text":"Hi."}]},"finishReason":"STOP"}],"usageMetadata":{}}},{"metadata":{"key":"1"},"error":{"code":3,"message":"no","status":"INVALID_ARGUMENT"}}]}}}',
  '{"name":"batches/b","metadata":{"state":"BATCH_STATE_FAILED"},"error":{"code":13,"message":"no"}}',
]
export const models = [
  '{"data":[{"id":"m","name":"M","context_length":5,"architecture":{"input_modalities":["text","image"]},"supported_parameters":["tools","seed"],"top_provider":{"max_completion_tokens":7},"display_name":"M"}],"models":[{"name":"m"}]}',
  '{"data":[{"id":"m","max_model_len":5,"capabilities":{"function_calling":true,"vision":false},"meta":{"n_ctx":1,"n_ctx_train":2}}],"models":[],"capabilities":["tools"],"model_info":{"general.architecture":"llama","llama.context_length":5}}',
]
export const transcripts = [
  '{"text":" Hi. ","language":"en","duration":1.5,"segments":[{"start":0,"end":1.5,"text":" Hi. "}],"usage":{"input_tokens":1,"output_tokens":2}}',
]
export const counts = ['{"object":"response.input_tokens","input_tokens":7}']
export const statuses = [
  '{"id":"b","status":"completed","request_counts":{"total":2,"completed":1,"failed":1},"output_file_id":"f"}',
  '{"id":"b","status":"failed","errors":{"data":[{"message":"no","line":1}]}}',
  '{"id":"b","processing_status":"ended","cancel_initiated_at":null,"request_counts":{"processing":0,"succeeded":1,"errored":1,"canceled":0,"expired":0}}',
]
export const openaiResults = [
  '{"custom_id":"request-0","response":{"status_code":200,"request_id":"r","body":{"choices":[{"message":{"content":"Hi."},"finish_reason":"stop"}]}},"error":null}\n{"custom_id":"request-1","response":{"status_code":400,"body":{"error":{"message":"no"}}}}\n',
  '{"custom_id":"request-1","response":null,"error":{"code":"batch_expired","message":"late"}}\n',
]
export const claudeResults = [
  '{"custom_id":"request-0","result":{"type":"succeeded","message":{"id":"m","content":[{"type":"text","text":"Hi."}],"stop_reason":"end_turn","usage":{"input_tokens":1}}}}\n{"custom_id":"request-1","result":{"type":"errored","error":{"type":"error","error":{"type":"invalid_request_error","message":"no"}}}}\n',
  '{"custom_id":"request-1","result":{"type":"expired"}}\n{"custom_id":"request-0","result":{"type":"canceled"}}\n',
]
