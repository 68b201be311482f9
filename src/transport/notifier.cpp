#include "transport/notifier.hpp"

#include <algorithm>
#include <exception>
#include <string>

namespace lockstep::transport {

Subscription Notifier::subscribe(INetworkManager::EventListener listener) {
  return listeners_->add(std::move(listener));
}

Result<Subscription> Notifier::set_handler(GroupId group, MessageTypeRange types,
                                           INetworkManager::MessageHandler handler) {
  if (!handler || types.last < types.first) {
    return Error(Errc::kInvalidArgument,
                 handler ? "the range of message types is empty" : "the handler is empty");
  }
  return handlers_->add_unless({group, types, std::move(handler)}, [&](const Handler& other) {
    const MessageType first = std::max(types.first, other.types.first);
    const bool apart = other.group != group || std::min(types.last, other.types.last) < first;
    return apart
               ? Error()
               : Error(Errc::kInvalidArgument, "group " + to_string(group) + " has a handler for " +
                                                   to_string(first) + " already");
  });
}

void Notifier::emit(const NetworkEvent& event) {
  listeners_->any([&](const INetworkManager::EventListener& listener) {
    if (!muted_.load()) guarded([&] { listener(event); });
    return false;
  });
}

void Notifier::deliver(ReplicationMessage&& message) {
  if (muted_.load()) return;
  const bool handled = handlers_->any([&](const Handler& handler) {
    if (handler.group != message.group || !handler.types.contains(message.type)) return false;
    guarded([&] { handler.call(std::move(message)); });
    return true;
  });
  if (!handled) unhandled_.fetch_add(1);
}

void Notifier::log(LogLevel level, std::string_view text) const {
  try {
    log_(level, text);
  } catch (...) {
    // A sink that throws cannot be told so.
  }
}

void Notifier::count_exception() {
  exceptions_.fetch_add(1);
  std::string what = "of unknown type";
  try {
    throw;
  } catch (const std::exception& exception) {
    what = exception.what();
  } catch (...) {
  }
  log(LogLevel::kError, "an exception left a callback of the host: " + what);
}

}  // namespace lockstep::transport
