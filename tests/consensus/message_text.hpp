#pragma once

#include <string>

#include "consensus/effects.hpp"

namespace lockstep::consensus::test {

/// `append prev=2/1 entries=3/1 commit=2`, `ack 3`, `vote granted`: for scenario scripts and
/// traces. Ids are written index/term.
[[nodiscard]] std::string text_of(const MessageBody& body);
/// The first word of `text_of`.
[[nodiscard]] std::string kind_of(const MessageBody& body);
/// `config`, `config:1+2~3` behind index 1, `noop` or the command's text.
[[nodiscard]] std::string content_of(const Entry& entry);
/// `1/config 1/noop 2/a`: term and content, in index order.
[[nodiscard]] std::string text_of(const std::vector<Entry>& entries);
[[nodiscard]] std::string text_of(const Notice& notice);
/// As `ok`, `log_behind`, `no_majority`.
[[nodiscard]] std::string name_of(const Error& error);

}  // namespace lockstep::consensus::test
