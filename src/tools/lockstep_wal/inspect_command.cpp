#include <ostream>

#include "tools/lockstep_wal/commands.hpp"
#include "tools/lockstep_wal/members.hpp"
#include "tools/lockstep_wal/output.hpp"

namespace lockstep::tools {
namespace {

struct SegmentContent {
  bool used = false;
  IndexSet entries;
  Term first_term;
  Term last_term;
};

SegmentContent content_of(const LogView& view, std::uint64_t number) {
  SegmentContent content;
  content.used = view.log.map.segment(number) != nullptr;
  for (const LogMap::Extent& extent : view.log.map.extents()) {
    if (extent.segment == number) content.entries.add(extent.range);
  }
  if (!content.entries.empty()) {
    content.first_term = view.log.state.term(content.entries.ranges().front().first);
    content.last_term = view.log.state.term(content.entries.ranges().back().last);
  }
  return content;
}

/// A field a line, or an object: both made from the same places.
struct Inspection {
  const LogView& view;
  const Members& members;
  [[nodiscard]] const WALState& state() const { return view.log.state.get(); }
};

Json to_json(const EntryId& id) { return {{"index", id.index.value()}, {"term", id.term.value()}}; }

Json to_json(const std::vector<Member>& members) {
  Json list = Json::array();
  for (const Member& member : members) {
    list.push_back({{"node", member.node.str()}, {"incarnation", to_string(member.incarnation)}});
  }
  return list;
}

Json members_json(const Members& members) {
  Json object;
  object["source"] = members.source;
  if (!members.configuration) return object;
  object["voters"] = to_json(members.configuration->voters);
  object["outgoing_voters"] = to_json(members.configuration->outgoing_voters);
  object["learners"] = to_json(members.configuration->learners);
  return object;
}

Json boundary_json(const Boundary& boundary) {
  return {{"last", to_json(boundary.last)},
          {"checkpoint", to_string(boundary.checkpoint)},
          {"digests_since", boundary.digests_since.size()}};
}

Json segments_json(const LogView& view) {
  Json list = Json::array();
  for (const SegmentFile& file : view.files) {
    const SegmentContent content = content_of(view, file.number);
    list.push_back({{"file", segment_name(file.number)},
                    {"number", file.number},
                    {"bytes", file.bytes},
                    {"used", content.used},
                    {"entries", json(content.entries)},
                    {"first_term", content.first_term.value()},
                    {"last_term", content.last_term.value()}});
  }
  return list;
}

Json to_json(const Inspection& shown) {
  const LogView& view = shown.view;
  const WALState& state = shown.state();
  Json object;
  object["folder"] = view.folder;
  object["live"] = view.holder.has_value();
  if (view.holder) object["process"] = *view.holder;
  object["opens"] = !view.broken;
  object["node"] = view.header.node.str();
  object["group"] = view.header.group.value();
  object["incarnation"] = to_string(view.header.incarnation);
  if (view.broken) {
    object["error"] = view.broken.message;
  } else {
    object["cluster"] = to_string(state.identity.cluster);
    object["epoch"] = to_string(state.identity.epoch);
    object["hard_state"] = {{"current_term", state.hard_state.current_term.value()},
                            {"voted_for", state.hard_state.voted_for.str()}};
    object["first"] = state.bounds.first.value();
    object["last"] = state.bounds.last.value();
    object["last_promised"] = to_json(state.last_promised);
    object["terms"] = Json::array();
    for (const TermRun& run : state.term_runs) {
      object["terms"].push_back({{"term", run.term.value()}, {"first", run.first.value()}});
    }
    object["boundary"] = state.boundary ? boundary_json(*state.boundary) : Json();
    object["members"] = members_json(shown.members);
    object["install_intent"] = Json();
    if (state.install_intent) {
      object["install_intent"] = {{"snapshot_id", state.install_intent->snapshot_id},
                                  {"last", to_json(state.install_intent->last)}};
    }
    IndexSet damaged;
    for (const IndexRange& range : state.damaged) damaged.add(range);
    object["damaged"] = json(damaged);
    object["unconfirmed_from"] = view.unconfirmed_from ? Json(*view.unconfirmed_from) : Json();
  }
  object["ballast_bytes"] = view.ballast_bytes ? Json(*view.ballast_bytes) : Json();
  object["remarks"] = view.remarks;
  object["segments"] = segments_json(view);
  return object;
}

std::string id_text(const std::string& id, bool none) { return none ? "none" : id; }

std::string members_text(const std::vector<Member>& members) {
  std::string all;
  for (const Member& member : members) {
    all +=
        (all.empty() ? "" : ", ") + member.node.str() + " (" + to_string(member.incarnation) + ")";
  }
  return all.empty() ? "none" : all;
}

std::string terms_text(const WALState& state) {
  std::string all;
  for (std::size_t i = 0; i < state.term_runs.size(); ++i) {
    const TermRun& run = state.term_runs[i];
    const bool last = i + 1 == state.term_runs.size();
    const Index end = last ? state.bounds.last : state.term_runs[i + 1].first.previous();
    if (!all.empty()) all += ", ";
    all += run.term == Term{} ? "unknown" : to_string(run.term);
    all += " (" + text({run.first, end}) + ")";
  }
  return all.empty() ? "none" : all;
}

void print_state(const Inspection& shown, std::ostream& out) {
  const WALState& state = shown.state();
  const WALIdentity& identity = state.identity;
  const bool empty = state.bounds.empty();
  out << "cluster         " << id_text(to_string(identity.cluster), identity.cluster.is_none())
      << "\nepoch           " << id_text(to_string(identity.epoch), identity.epoch.is_none())
      << "\ncurrent term    " << to_string(state.hard_state.current_term)  //
      << "\nvoted for       "
      << id_text(state.hard_state.voted_for.str(), state.hard_state.voted_for.is_none())
      << "\nentries         "
      << (empty ? "none" : text(state.bounds) + " (" + std::to_string(state.bounds.size()) + ")")
      << "\nterms           " << terms_text(state)  //
      << "\nlast promised   index " << to_string(state.last_promised.index) << ", term "
      << to_string(state.last_promised.term) << "\nboundary        ";
  if (state.boundary) {
    out << "index " << to_string(state.boundary->last.index) << ", term "
        << to_string(state.boundary->last.term) << ", checkpoint "
        << to_string(state.boundary->checkpoint) << ", "
        << counted(state.boundary->digests_since.size(), "digest", "digests") << " since";
  } else {
    out << "none";
  }
  out << "\nmembers         " << shown.members.source << "\n";
  if (const auto& configuration = shown.members.configuration) {
    out << "  voters        " << members_text(configuration->voters) << "\n";
    if (configuration->is_joint()) {
      out << "  outgoing      " << members_text(configuration->outgoing_voters) << "\n";
    }
    out << "  learners      " << members_text(configuration->learners) << "\n";
  }
  out << "install intent  ";
  if (state.install_intent) {
    out << excerpt(as_bytes(state.install_intent->snapshot_id)) << ", index "
        << to_string(state.install_intent->last.index) << ", term "
        << to_string(state.install_intent->last.term);
  } else {
    out << "none";
  }
  IndexSet damaged;
  for (const IndexRange& range : state.damaged) damaged.add(range);
  out << "\ndamaged         " << (damaged.empty() ? "none that opening finds" : text(damaged))
      << "\n";
}

void print(const Inspection& shown, std::ostream& out) {
  const LogView& view = shown.view;
  out << "folder          " << view.folder << "\nlive            " << live_note(view)
      << "\nnode            " << view.header.node.str() << "\ngroup           "
      << to_string(view.header.group) << "\nincarnation     " << to_string(view.header.incarnation)
      << "\n";
  if (view.broken) {
    out << "DAMAGED         the log does not open: " << view.broken.message << "\n";
  } else {
    print_state(shown, out);
  }
  out << "ballast         ";
  if (view.ballast_bytes) {
    out << counted(*view.ballast_bytes, "byte", "bytes");
  } else {
    out << "none";
  }
  out << "\nsegments        " << view.files.size() << "\n";
  for (const SegmentFile& file : view.files) {
    const SegmentContent content = content_of(view, file.number);
    out << "  " << segment_name(file.number) << "  " << counted(file.bytes, "byte", "bytes")
        << ", ";
    if (view.broken) {
      out << "content unknown\n";
    } else if (!content.used) {
      out << "not part of the log\n";
    } else if (content.entries.empty()) {
      out << "no entries\n";
    } else {
      out << "entries " << text(content.entries) << ", ";
      if (content.first_term == content.last_term) {
        out << "term " << to_string(content.first_term) << "\n";
      } else {
        out << "terms " << to_string(content.first_term) << " to " << to_string(content.last_term)
            << "\n";
      }
    }
  }
  for (const std::string& remark : view.remarks) out << "note: " << remark << "\n";
}

}  // namespace

Result<ExitStatus> inspect(const Arguments& arguments, const Surroundings& around) {
  IFileSystem& files = around.runtime.file_system();
  const Result<LogView> view = view_log(files, arguments.folder);
  if (!view) return view.error();
  Members members;
  if (!view->broken) {
    Result<Members> found = find_members(files, *view);
    if (!found) return found.error();
    members = std::move(*found);
  }
  const Inspection shown{*view, members};
  if (arguments.json) {
    around.out << to_json(shown).dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
  } else {
    print(shown, around.out);
  }
  const bool damaged = view->broken || !view->log.state.get().damaged.empty();
  return damaged ? ExitStatus::kDamaged : ExitStatus::kWhole;
}

}  // namespace lockstep::tools
