// A model file of a shape: metadata, a vocabulary without meaning, random weights. Other engines load it too.
//
// Nothing is held in memory but one piece of a tensor at a time; the same spec gives the same bytes everywhere. Pure but
// for the stream it writes to; any thread.
#pragma once

#include <functional>
#include <iosfwd>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "shapes/shape.h"

namespace ingle::shapes {

struct PlannedTensor {
  std::string name;
  quant::FormatId format;
  std::vector<uint64_t> shape;  // fastest dimension first
  float deviation;              // of the random numbers; 0: all ones (norms)
};

/// Every tensor of the file, in its order.
std::vector<PlannedTensor> plan_tensors(const ShapeSpec& spec);

/// Bytes of the whole file.
uint64_t file_bytes(const ShapeSpec& spec);

struct WriteOptions {
  std::function<void(uint64_t done, uint64_t total)> progress = {};
  std::stop_token stop = {};
};
/// An error (disk full, stopped) leaves an incomplete stream behind; the caller removes it.
Status write_model(const ShapeSpec& spec, std::ostream& out, const WriteOptions& options);

}  // namespace ingle::shapes
