// PreTokenizer: splits text into the words inside which byte-level BPE merges.
//
// A model file names its splitter (tokenizer.ggml.pre); the names and their regular expressions are the table in
// pretokenizer_table.cpp. A splitter is compiled on first use and kept for the life of the process: any thread may use
// it. Every expression is linear in the text, so no text makes it slow.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ingle::text {

class PreTokenizer {
 public:
  /// The splitter of that name; null when there is none.
  static const PreTokenizer* find(std::string_view name);
  /// All names, sorted, separated by ", ".
  static std::string known_names();

  ~PreTokenizer();
  PreTokenizer(const PreTokenizer&) = delete;
  PreTokenizer& operator=(const PreTokenizer&) = delete;

  /// Replaces `ends` with the end of each word, in bytes, in order; words are not empty and cover the text, which must
  /// be normal UTF-8 (code_points.h) of less than 4 GiB.
  void split(std::string_view text, std::vector<uint32_t>& ends) const;

  /// A word that is a token as a whole is taken without merging, even where the merges do not lead to it.
  bool takes_whole_words() const;
  /// Whether models with this splitter begin with BOS when their file does not say.
  bool adds_bos() const;

 private:
  struct Compiled;
  explicit PreTokenizer(std::unique_ptr<const Compiled> compiled);
  std::unique_ptr<const Compiled> compiled_;
};

}  // namespace ingle::text
