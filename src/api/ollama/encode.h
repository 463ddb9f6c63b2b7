// Answers and errors in Ollama's form. Pure; times are given.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "api/failure.h"
#include "api/inference.h"
#include "api/services.h"

namespace ingle::api::ollama {

enum class Form : uint8_t { kChat, kGenerate };

struct AnswerFrame {
  Form form = Form::kChat;
  std::string model;
  bool logprobs = false;
  /// Nanoseconds since 1970.
  std::function<int64_t()> now;
};

std::unique_ptr<AnswerEncoder> make_encoder(AnswerFrame frame);
/// The answer to a request that only loads or unloads.
std::string encode_load(const AnswerFrame& frame, bool unloaded);

std::string encode_error(const Failure& failure);
std::string encode_tags(std::span<const ModelInfo> models);
std::string encode_running(std::span<const runtime::LoadedModel> loaded, std::span<const ModelInfo> models,
                           int64_t now_unix);
/// `listing_json`: of Services::listing_json; empty: not asked for.
std::string encode_show(const ModelDetails& details, const std::string& listing_json = {});

/// A line of a pull's stream.
std::string encode_pull(const store::PullProgress& progress, std::string_view model, std::string_view digest_hex);
std::string encode_status(std::string_view status);

/// "494.03M", "1.54B"
std::string parameter_size(uint64_t parameters);
/// "2026-11-22T19:17:00.123456789Z"
std::string timestamp(int64_t unix_ns);

}  // namespace ingle::api::ollama
