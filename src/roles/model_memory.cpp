#include "roles/model_memory.h"

#include "roles/engine_protocol.h"
#include "roles/message.h"

namespace ingle::roles {

std::string encode_memory_job(std::string_view name, const engine::Options& options) {
  return encode_load({.name = std::string(name), .options = options});
}

Result<std::string> model_memory_job(std::string_view payload, std::span<const base::FileDescriptor> files) {
  INGLE_TRY(const LoadOrder order, decode_load(payload));
  INGLE_TRY(const engine::MemoryForecast told, engine::forecast(files, order.name, order.options));
  MessageWriter writer;
  writer.number(told.plan.weights)
      .number(told.plan.cache)
      .number(told.plan.work)
      .number(told.context)
      .number(told.sequences)
      .number(told.kv_token_bytes)
      .number(told.context_now)
      .number(told.refusal.has_value());
  if (told.refusal) writer.error(*told.refusal);
  return writer.take();
}

Result<engine::MemoryForecast> decode_memory_forecast(std::string_view bytes) {
  MessageReader reader(bytes);
  engine::MemoryForecast told;
  told.plan.weights = reader.number<uint64_t>();
  told.plan.cache = reader.number<uint64_t>();
  told.plan.work = reader.number<uint64_t>();
  told.context = reader.number<uint32_t>();
  told.sequences = reader.number<uint32_t>();
  told.kv_token_bytes = reader.number<uint64_t>();
  told.context_now = reader.number<uint32_t>();
  if (reader.number<bool>()) told.refusal = reader.error();
  if (!reader.done())
    return std::unexpected(Error::corrupt("the process that read a model file gave an answer that is none"));
  return told;
}

}  // namespace ingle::roles
