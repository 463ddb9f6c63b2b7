// A source: one place that may hold a model's file. One .cpp in this folder and one row in registry.cpp each.
//
// A source puts the file into the staging folder that the context names, resuming what it finds there, and reports what
// the source itself says about it. It neither verifies the whole nor installs: pull.cpp does, for all sources alike.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/transport.h"
#include "store/catalog.h"
#include "store/home.h"
#include "store/store.h"

namespace ingle::store {

/// A small layer that belongs to the model: template, parameters, licence.
struct TextLayer {
  std::string media_type;
  std::string bytes;
};

struct SourceContext {
  const Network& network;
  Digest digest;                 // of the whole GGUF; empty: none is pinned
  uint64_t size = 0;             // of the whole GGUF; exact where a digest is pinned, else a guess or 0
  std::filesystem::path folder;  // staging of this source; outlives an interruption
  std::string title;             // for progress
  PullCallback progress;         // never empty
  std::stop_token stop;

  void report(PullPhase phase, uint64_t done, uint64_t total) const { progress({phase, title, done, total, {}}); }
};

struct Fetched {
  std::filesystem::path file;     // complete, in the staging folder
  Digest published;               // what the source says the digest is; empty: it says nothing
  uint64_t bytes_downloaded = 0;  // over the network in this call
  uint64_t bytes_resumed = 0;     // found in the staging folder
  std::vector<TextLayer> layers;
};

struct SourceKind {
  std::string_view kind;  // as catalog/models.json writes it
  std::string (*title)(const SourceSpec& spec, const Network& network);
  Result<Fetched> (*fetch)(const SourceSpec& spec, const SourceContext& context);
  bool needs_network;  // false: it can serve offline, so it is tried even then
};

/// nullptr when the kind is unknown.
const SourceKind* find_source(std::string_view kind);

extern const SourceKind kHuggingFaceSource;
extern const SourceKind kRegistrySource;
extern const SourceKind kWheelsSource;
extern const SourceKind kConvertedWheelsSource;

}  // namespace ingle::store
