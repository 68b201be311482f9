#include "transport/notifier.hpp"

#include <algorithm>
#include <exception>
#include <string>

namespace lockstep::transport {

template <class Item>
Subscription Notifier::add(Snapshot<Item> Notifier::*items, std::shared_ptr<Item> item) {
  auto grown = std::make_shared<Items<Item>>(*(this->*items));
  grown->push_back(item);
  this->*items = std::move(grown);
  return Subscription([weak = weak_from_this(), items, item = std::move(item)] {
    item->active.store(false);
    if (const auto self = weak.lock()) self->remove(items, item);
  });
}

template <class Item>
void Notifier::remove(Snapshot<Item> Notifier::*items, const std::shared_ptr<Item>& item) {
  Snapshot<Item> old;  // dropped after the lock: it may hold the last of the host's objects
  const std::lock_guard lock(mutex_);
  auto shrunk = std::make_shared<Items<Item>>(*(this->*items));
  std::erase(*shrunk, item);
  old = std::exchange(this->*items, std::move(shrunk));
}

Subscription Notifier::subscribe(INetworkManager::EventListener listener) {
  auto item = std::make_shared<Listener>();
  item->call = std::move(listener);
  const std::lock_guard lock(mutex_);
  return add(&Notifier::listeners_, std::move(item));
}

Result<Subscription> Notifier::set_handler(GroupId group, MessageTypeRange types,
                                           INetworkManager::MessageHandler handler) {
  if (!handler || types.last < types.first) {
    return Error(Errc::kInvalidArgument,
                 handler ? "the range of message types is empty" : "the handler is empty");
  }
  auto item = std::make_shared<Handler>();
  item->group = group;
  item->types = types;
  item->call = std::move(handler);
  const std::lock_guard lock(mutex_);
  for (const auto& other : *handlers_) {
    if (other->group == group && types.first <= other->types.last &&
        other->types.first <= types.last) {
      return Error(Errc::kInvalidArgument,
                   "group " + to_string(group) + " has a handler for " +
                       to_string(std::max(types.first, other->types.first)) + " already");
    }
  }
  return add(&Notifier::handlers_, std::move(item));
}

void Notifier::emit(const NetworkEvent& event) {
  const auto listeners = snapshot(listeners_);
  for (const auto& listener : *listeners) {
    if (muted_.load()) return;
    if (listener->active.load()) guarded([&] { listener->call(event); });
  }
}

void Notifier::deliver(ReplicationMessage&& message) {
  if (muted_.load()) return;
  const auto handlers = snapshot(handlers_);
  for (const auto& handler : *handlers) {
    if (handler->group != message.group || !handler->types.contains(message.type)) continue;
    if (!handler->active.load()) continue;
    guarded([&] { handler->call(std::move(message)); });
    return;
  }
  unhandled_.fetch_add(1);
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
