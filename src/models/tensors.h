// Binds the tensors of a file to a program, shape by shape.
//
// Architecture files ask for tensors by name and never check: the first problem is kept and finish() reports it. finish()
// also refuses tensors that nobody asked for, because a weight that is ignored silently is a wrong answer.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "backend/backend.h"
#include "base/result.h"
#include "gguf/file.h"

namespace ingle::models {

class Tensors {
 public:
  explicit Tensors(const gguf::File& file) : file_(file) {}

  backend::Source matrix(const std::string& name, uint64_t n_in, uint64_t n_out);
  backend::Source vector(const std::string& name, uint64_t n);
  // Empty when the file has none.
  backend::Source optional_matrix(const std::string& name, uint64_t n_in, uint64_t n_out);
  backend::Source optional_vector(const std::string& name, uint64_t n);
  /// The tensor is known and not needed.
  void ignore(const std::string& name) { used_.insert(name); }
  bool has(std::string_view name) const { return file_.find_tensor(name) != nullptr; }

  Status finish();

 private:
  backend::Source bind(const std::string& name, uint64_t n_in, uint64_t n_out, bool required);
  void fail(Error error);

  const gguf::File& file_;
  std::set<std::string, std::less<>> used_;
  Status status_;
};

/// Rows [begin, begin + n) of a matrix or of a vector seen as n_out = 1: how fused tensors are taken apart.
backend::Source rows_of(const backend::Source& source, uint32_t begin, uint32_t n);

}  // namespace ingle::models
