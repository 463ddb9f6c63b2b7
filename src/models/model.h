// A model file as the engine needs it: its program, its vocabulary, its chat template and what to tell the user.
//
// load() reads and checks everything before the first computation: hyper-parameters against ranges and each other, every
// tensor bound and shape-checked. The Model owns the file; the views in its program live as long as it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "backend/backend.h"
#include "base/result.h"
#include "gguf/file.h"
#include "text/tokenizer/tokenizer.h"

namespace ingle::models {

struct Model {
  std::unique_ptr<gguf::File> file;
  backend::Program program;
  std::unique_ptr<text::Tokenizer> tokenizer;
  std::string chat_template;  // Jinja source; "" when the file has none
  std::string title;          // general.name
  std::string quantization;   // general.file_type's name, or the format that most weights have
  uint64_t parameters = 0;
  bool names_pooling = false;  // the file says how a text's vector is made
};

/// `meanwhile` gets the program while another thread still builds the tokenizer, which takes as long as reading a small
/// model's weights. What is wrong with the file's text counts before what `meanwhile` answers.
using Meanwhile = std::function<Status(const Model& without_text)>;
Result<Model> load(std::unique_ptr<gguf::File> file, const Meanwhile& meanwhile = {});

/// The cheap part of load(): what `ingle show` and `ingle list` print, without tokenizer and tensors' bytes.
struct Summary {
  std::string architecture;
  std::string title;
  std::string quantization;  // as in Model
  std::string main_format;   // the format that most weights have
  uint64_t parameters = 0;
  uint32_t context_length = 0;
  uint32_t n_embd = 0;
  uint32_t n_layers = 0;
  uint32_t n_vocab = 0;
  bool has_template = false;
  /// Of an encoder, which generates nothing: "mean", "cls", "last" or "rank"; "" for models that generate.
  std::string pooling;
  std::string license;
};
Result<Summary> summarize(const gguf::File& file);

}  // namespace ingle::models
