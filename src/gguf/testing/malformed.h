// Model files that are wrong in one known way, made here, byte for byte the same on every run.
//
// This module makes those that the reader itself must refuse. Modules above add theirs (hyper-parameters, tokenizers,
// templates, weights) in the same form, so that one kind of test serves all: one error, naming the field and an offset.
#pragma once

#include <string>
#include <vector>

namespace ingle::gguf::testing {

struct Malformed {
  std::string name;   // "tensor_dim_zero": unique among all
  std::string bytes;  // the whole file
  std::string field;  // what the message must contain: the field at fault
};

std::vector<Malformed> malformed_files();

// The sections of malformed_files(), one source file each.
void add_malformed_headers(std::vector<Malformed>& cases);
void add_malformed_metadata(std::vector<Malformed>& cases);
void add_malformed_arrays(std::vector<Malformed>& cases);
void add_malformed_tensors(std::vector<Malformed>& cases);
void add_malformed_splits(std::vector<Malformed>& cases);

}  // namespace ingle::gguf::testing
