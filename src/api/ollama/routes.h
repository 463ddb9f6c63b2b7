// Routes of Ollama's dialect; rows of registry.cpp.
#pragma once

#include <memory>

#include "api/call.h"

namespace ingle::api::ollama {

void greet(const std::shared_ptr<Call>& call);
void cloud_status(const std::shared_ptr<Call>& call);
void version(const std::shared_ptr<Call>& call);
void chat(const std::shared_ptr<Call>& call);
void generate(const std::shared_ptr<Call>& call);
void embed_inputs(const std::shared_ptr<Call>& call);
void embed_prompt(const std::shared_ptr<Call>& call);
void tags(const std::shared_ptr<Call>& call);
void running(const std::shared_ptr<Call>& call);
void show(const std::shared_ptr<Call>& call);
void pull(const std::shared_ptr<Call>& call);
void remove(const std::shared_ptr<Call>& call);
void copy(const std::shared_ptr<Call>& call);
void create(const std::shared_ptr<Call>& call);
void has_blob(const std::shared_ptr<Call>& call);
void put_blob(const std::shared_ptr<Call>& call);
std::shared_ptr<net::BodyReceiver> receive_blob(const Services& services, const net::ServerRequest& head,
                                                std::string_view rest, std::function<Answer<void>()> allowed);

}  // namespace ingle::api::ollama
