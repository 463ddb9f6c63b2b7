// `bench --shape`: a model file of random weights, kept where the user says or without a name, for this run only.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "base/files.h"
#include "cli/verb.h"
#include "shapes/shape.h"

namespace ingle::cli {

/// Writes it to `path`; what stood there is replaced when it is complete.
Status write_shape_file(Context& context, const shapes::ShapeSpec& spec, const std::filesystem::path& path);

/// A file in INGLE_HOME/tmp that has no name: it is gone when this object, or the process, is.
class TemporaryShape {
 public:
  static Result<TemporaryShape> write(Context& context, const shapes::ShapeSpec& spec);
  app::ModelFiles files() const;

 private:
  std::string name_;
  base::FileDescriptor file_;
  uint64_t bytes_ = 0;
};

}  // namespace ingle::cli
