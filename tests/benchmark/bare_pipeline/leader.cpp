#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <deque>

#include "benchmark/bare_pipeline/disk.hpp"
#include "benchmark/limits/latency_tally.hpp"
#include "benchmark/limits/loopback_socket.hpp"

namespace lockstep::benchmark {
namespace {

class Leader {
  using Clock = LatencyTally::Clock;
  struct Follower {
    int socket = -1;
    std::uint64_t sent = 0;
    Frames::Ack acked;
  };
  /// A frame, or an entry in several: what is made and completed together.
  struct Unit {
    std::uint64_t begin, end;
    std::size_t entries;
    Clock::time_point made;
  };

 public:
  Leader(const BareSettings& settings, const std::vector<int>& ports) : settings_(settings) {
    for (std::size_t i : {0u, 1u}) followers_[i].socket = dial_over_loopback(ports[i]);
  }

  void run_for(double seconds) {
    tally_.begin(syncs());
    do {
      make_units();
      wait();
      commit();
    } while (tally_.seconds() < seconds);
  }
  std::string result() const { return tally_.result(syncs()).dump(); }

 private:
  void make_units() {
    const std::uint64_t oldest =
        std::min({durable_.load(), followers_[0].acked.position, followers_[1].acked.position});
    while (in_flight_ < settings_.in_flight) {
      const std::size_t count =
          std::min(Frames::most_entries(settings_), settings_.in_flight - in_flight_);
      const std::size_t at_most = count * (settings_.payload_bytes / 64 * 65 + 4096);
      if (made_ + at_most - oldest > ring_.bytes()) return;
      make_unit(count);
    }
  }

  void make_unit(std::size_t count) {
    Unit unit{made_, made_, count, Clock::now()};
    for (std::size_t left = settings_.payload_bytes; left > 0;) {
      const std::size_t piece = std::min(left, wire::kPartPayloadBytes);
      frames_.write_append(ring_.at(made_), next_index_, count, piece);
      made_ += Frames::append_bytes(count, piece);
      left -= piece;
      for (Follower& follower : followers_) send(follower);  // before the disk writes
    }
    next_index_ += count;
    in_flight_ += count;
    unit.end = made_;
    under_way_.push_back(unit);
    disk_.offer(made_);
  }

  void send(Follower& follower) {
    const ssize_t sent = ::send(follower.socket, ring_.at(follower.sent), made_ - follower.sent,
                                MSG_DONTWAIT | MSG_NOSIGNAL);
    must(sent >= 0 || errno == EAGAIN, "send");
    if (sent > 0) follower.sent += static_cast<std::uint64_t>(sent);
  }

  void wait() {
    if (!under_way_.empty() && under_way_.front().end <= majority_has()) return;
    std::array<pollfd, 3> ready{pollfd{durable_event_, POLLIN, 0}};
    for (std::size_t i : {0u, 1u}) {
      const bool unsent = followers_[i].sent < made_;
      ready[i + 1] = {followers_[i].socket, static_cast<short>(POLLIN | (unsent ? POLLOUT : 0)), 0};
    }
    must(::poll(ready.data(), ready.size(), -1) > 0, "poll");
    if (eventfd_t ignored; ready[0].revents != 0) ::eventfd_read(durable_event_, &ignored);
    for (std::size_t i : {0u, 1u}) {
      if ((ready[i + 1].revents & POLLOUT) != 0) send(followers_[i]);
      if ((ready[i + 1].revents & ~POLLOUT) != 0) take_ack(followers_[i]);
    }
  }

  void take_ack(Follower& follower) {
    std::array<std::uint8_t, Frames::kAckBytes> ack{};
    const ssize_t got = ::recv(follower.socket, ack.data(), ack.size(), MSG_WAITALL);
    must(got == static_cast<ssize_t>(ack.size()), "a follower has gone");
    follower.acked = acks_.check_ack(ack);
  }

  std::uint64_t majority_has() const {
    std::array have{durable_.load(), followers_[0].acked.position, followers_[1].acked.position};
    std::ranges::sort(have);
    return have[1];
  }

  void commit() {
    const Clock::time_point now = Clock::now();
    for (const std::uint64_t end = majority_has();
         !under_way_.empty() && under_way_.front().end <= end; under_way_.pop_front()) {
      const Unit& unit = under_way_.front();
      tally_.add(unit.entries, unit.end - unit.begin, now - unit.made);
      in_flight_ -= unit.entries;
    }
  }

  std::uint64_t syncs() const {
    return own_syncs_ + followers_[0].acked.syncs + followers_[1].acked.syncs;
  }
  const BareSettings settings_;
  Frames frames_, acks_;
  const Ring ring_{settings_.ring_bytes()};
  std::array<Follower, 2> followers_;
  std::deque<Unit> under_way_;
  std::uint64_t made_ = 0, next_index_ = 1;
  std::size_t in_flight_ = 0;
  LatencyTally tally_;
  const int durable_event_ = ::eventfd(0, EFD_CLOEXEC);
  std::atomic<std::uint64_t> durable_{0}, own_syncs_{0};
  Disk disk_{settings_, "n1", ring_, [this](std::uint64_t durable, std::uint64_t syncs) {
               durable_ = durable;
               own_syncs_ = syncs;
               ::eventfd_write(durable_event_, 1);
             }};
};

}  // namespace

void run_bare_leader(const BareSettings& settings, const std::vector<int>& ports) {
  Leader leader(settings, ports);
  leader.run_for(settings.warmup_seconds);
  std::puts("warm");
  leader.run_for(settings.seconds);
  std::puts(leader.result().c_str());
  (void)std::getchar();  // its processor time can be asked for until it is killed
  std::_Exit(0);         // with its threads
}

}  // namespace lockstep::benchmark
