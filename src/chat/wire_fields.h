// The fields of every type that crosses a process border, in order; internal to wire.cpp. One list serves both directions.
#pragma once

#include <concepts>
#include <type_traits>

#include "chat/types.h"

namespace ingle::chat {

template <typename T, typename Plain>
concept Is = std::same_as<std::remove_const_t<T>, Plain>;

template <typename Archive>
void fields(Archive& a, Is<ToolCall> auto& v) {
  a(v.id, v.name, v.arguments_json);
}
template <typename Archive>
void fields(Archive& a, Is<Message> auto& v) {
  a(v.role, v.content, v.tool_calls, v.tool_call_id, v.name, v.thinking);
}
template <typename Archive>
void fields(Archive& a, Is<ToolChoice> auto& v) {
  a(v.mode, v.name, v.parallel);
}
template <typename Archive>
void fields(Archive& a, Is<ChatPrompt> auto& v) {
  a(v.messages, v.tools_json, v.tool_choice, v.add_generation_prompt, v.now_unix, v.think, v.effort, v.chat_template,
    v.brings_template, v.before);
}
template <typename Archive>
void fields(Archive& a, Is<RawPrompt> auto& v) {
  a(v.text);
}
template <typename Archive>
void fields(Archive& a, Is<TokenPrompt> auto& v) {
  a(v.tokens);
}
template <typename Archive>
void fields(Archive& a, Is<Sampling> auto& v) {
  a(v.temperature, v.top_k, v.top_p, v.min_p, v.typical_p, v.repeat_last_n, v.repeat_penalty, v.presence_penalty,
    v.frequency_penalty, v.dry_multiplier, v.dry_base, v.dry_allowed_length, v.dry_last_n, v.dry_breakers,
    v.xtc_probability, v.xtc_threshold, v.mirostat, v.mirostat_tau, v.mirostat_eta, v.logit_bias, v.seed);
}
template <typename Archive>
void fields(Archive& a, Is<CopySource> auto& v) {
  a(v.name, v.text);
}
template <typename Archive>
void fields(Archive& a, Is<CompleteRequest> auto& v) {
  a(v.id, v.prompt, v.sampling, v.max_tokens, v.context, v.max_thinking_tokens, v.stop, v.logprobs, v.return_tokens,
    v.ignore_eos, v.json_schema, v.check_schema, v.grammar, v.copy_sources, v.continue_from, v.client, v.priority);
}
template <typename Archive>
void fields(Archive& a, Is<TokenLogprob> auto& v) {
  a(v.id, v.text, v.logprob);
}
template <typename Archive>
void fields(Archive& a, Is<TokenInfo> auto& v) {
  a(v.chosen, v.top, v.is_end);
}
template <typename Archive>
void fields(Archive& a, Is<Usage> auto& v) {
  a(v.prompt_tokens, v.cached_tokens, v.completion_tokens, v.drafted_tokens, v.accepted_tokens, v.queued_seconds,
    v.prefill_seconds, v.decode_seconds, v.thinking_tokens);
}
template <typename Archive>
void fields(Archive& a, Is<Prefill> auto& v) {
  a(v.done, v.total);
}
template <typename Archive>
void fields(Archive& a, Is<ToolCallDelta> auto& v) {
  a(v.index, v.id, v.name, v.arguments);
}
template <typename Archive>
void fields(Archive& a, Is<Delta> auto& v) {
  a(v.text, v.tokens, v.bytes, v.tool_calls, v.thinking);
}
template <typename Archive>
void fields(Archive& a, Is<Finished> auto& v) {
  a(v.reason, v.stop_text, v.usage, v.route, v.looped, v.tokens);
}
template <typename Archive>
void fields(Archive& a, Is<Failed> auto& v) {
  a(v.error, v.input);
}
template <typename Archive>
void fields(Archive& a, Is<TextVector> auto& v) {
  a(v.values, v.n_tokens, v.is_cut);
}
template <typename Archive>
void fields(Archive& a, Is<Vectors> auto& v) {
  a(v.first, v.list);
}
template <typename Archive>
void fields(Archive& a, Is<InfillTokens> auto& v) {
  a(v.prefix, v.suffix, v.middle, v.repository, v.file);
}
template <typename Archive>
void fields(Archive& a, Is<MemoryPlan> auto& v) {
  a(v.weights, v.cache, v.work, v.wanted_context);
}
template <typename Archive>
void fields(Archive& a, Is<Description> auto& v) {
  a(v.name, v.architecture, v.quantization, v.parameters, v.file_bytes, v.context_length, v.context_limit, v.vocab_size,
    v.embedding_size, v.has_template, v.adds_bos, v.bos, v.isa, v.threads, v.thinks, v.generates, v.pooling,
    v.names_pooling, v.max_embed_tokens, v.infill, v.memory);
}
template <typename Archive>
void fields(Archive& a, Is<Stats> auto& v) {
  a(v.running, v.waiting, v.page_tokens, v.kv_pages_total, v.kv_pages_used, v.kv_pages_parked, v.requests,
    v.prompt_tokens, v.cached_tokens, v.generated_tokens, v.steps, v.rows, v.drafted_tokens, v.accepted_tokens,
    v.preemptions, v.memory_bytes);
}
template <typename Archive>
void fields(Archive& a, Is<TokenizeRequest> auto& v) {
  a(v.text, v.recognise_control_tokens, v.add_bos, v.second);
}
template <typename Archive>
void fields(Archive& a, Is<ScoreRequest> auto& v) {
  a(v.tokens, v.first);
}
template <typename Archive>
void fields(Archive& a, Is<EmbedText> auto& v) {
  a(v.text, v.second);
}
template <typename Archive>
void fields(Archive& a, Is<EmbedTokens> auto& v) {
  a(v.tokens, v.second_from);
}
template <typename Archive>
void fields(Archive& a, Is<EmbedRequest> auto& v) {
  a(v.id, v.inputs, v.context, v.cut, v.client, v.priority);
}

}  // namespace ingle::chat
