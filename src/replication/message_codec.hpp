#pragma once

#include <optional>

#include "consensus/messages.hpp"
#include "lockstep/message.hpp"

namespace lockstep::replication {

/// The type under which a message of consensus travels.
[[nodiscard]] MessageType type_of(const consensus::MessageBody& body);

/// The fields of a message of consensus, as they stand before its entries in a frame
/// (docs/wire-format.md): version, epoch and incarnation of the sender, then the message's own.
[[nodiscard]] SharedBuffer encode_fields(const consensus::PeerMessage& message);

/// From a received message, whose entries become the body's. Empty when it makes no sense.
[[nodiscard]] std::optional<consensus::PeerMessage> decode(ReplicationMessage message);

}  // namespace lockstep::replication
