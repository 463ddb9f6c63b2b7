#include "text/thinking/format.h"

namespace ingle::text::thinking {
namespace {

// Sources: the chat templates of the models. The variables of a row are tried in the template that names them, so models
// that share marks and differ in the variable have a row each.
constexpr Format kFormats[] = {
    // Qwen 3 and 3.5, SmolLM3, MiniCPM5, GLM, Nemotron
    {.name = "think", .open = "<think>", .close = "</think>", .variable = "enable_thinking"},
    // Granite 3.3, DeepSeek V3.1
    {.name = "think-granite", .open = "<think>", .close = "</think>", .variable = "thinking"},
    // QwQ, the distillations of DeepSeek R1
    {.name = "think-always", .open = "<think>", .close = "</think>", .variable = ""},
    // Ministral 3 Reasoning, Magistral
    {.name = "mistral", .open = "[THINK]", .close = "[/THINK]", .variable = ""},
    // EXAONE Deep
    {.name = "thought", .open = "<thought>", .close = "</thought>", .variable = ""},
    // Seed-OSS
    {.name = "seed", .open = "<seed:think>", .close = "</seed:think>", .variable = ""},
    // Command R7B, Command A Reasoning
    {.name = "cohere", .open = "<|START_THINKING|>", .close = "<|END_THINKING|>", .variable = "reasoning"},
    // Apertus
    {.name = "apertus", .open = "<|inner_prefix|>", .close = "<|inner_suffix|>", .variable = "enable_thinking"},
    // Gemma 4
    {.name = "gemma", .open = "<|channel>thought", .close = "<channel|>", .variable = "enable_thinking"},
};

constexpr std::string_view kSpace = " \t\r\n";

std::string_view without_space(std::string_view text) {
  const size_t last = text.find_last_not_of(kSpace);
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

bool names(std::string_view source, std::string_view word) {
  for (size_t at = source.find(word); at != std::string_view::npos; at = source.find(word, at + 1)) {
    const auto is_letter = [&](size_t i) {
      return i < source.size() && (source[i] == '_' || (source[i] >= 'a' && source[i] <= 'z'));
    };
    if ((at == 0 || !is_letter(at - 1)) && !is_letter(at + word.size())) return true;
  }
  return false;
}

}  // namespace

std::span<const Format> formats() {
  return kFormats;
}

const Format* format_of(std::string_view template_source) {
  for (const Format& format : kFormats) {
    // Templates that only take thinking out of earlier turns know its end alone.
    if (template_source.find(format.open) == std::string_view::npos) continue;
    if (!format.variable.empty() && !names(template_source, format.variable)) continue;
    return &format;
  }
  return nullptr;
}

Start start_of(const Format& format, std::string_view prompt_end) {
  const std::string_view text = without_space(prompt_end);
  if (text.ends_with(format.open)) return Start::kThinks;
  if (text.ends_with(format.close)) return Start::kAnswers;
  return Start::kMayThink;
}

std::string ending_without_thinking(const Format& format, Start start, bool template_was_told) {
  if (start == Start::kThinks) return "\n" + std::string(format.close) + "\n\n";
  if (start == Start::kMayThink && !template_was_told)
    return std::string(format.open) + "\n\n" + std::string(format.close) + "\n\n";
  return {};
}

}  // namespace ingle::text::thinking
