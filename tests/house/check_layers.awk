# Reads layers.rules, then all sources; prints one line for each include or word that the rules forbid.

function layer_of(file) {
  if (file ~ /^include\//) return "public"
  return split(file, parts, "/") > 2 ? parts[2] : ""
}

# The place that rules name: src/base/digest.cpp is base/digest.cpp, a public header public/x.hpp.
function place_of(file) {
  if (sub(/^include\/lockstep\//, "public/", file)) return file
  sub(/^src\//, "", file)
  return file
}

function starts_with(text, prefix) { return substr(text, 1, length(prefix)) == prefix }

# A rule names a layer, or a prefix of the place.
function covers(where, place, layer) {
  return where == layer || (where ~ /\// && starts_with(place, where))
}

function is_standard(name) { return name !~ /[.\/]/ }

function is_system(name) {
  return name ~ /^[a-z_0-9]+\.h$/ || name ~ /^(sys|netinet|arpa|net|linux|bits|asm)\//
}

function may_include(place, layer, name, i) {
  if (is_standard(name) || starts_with(name, layer "/")) return 1
  for (i = 1; i <= may_count; i++)
    if (covers(may_where[i], place, layer) &&
        (starts_with(name, may_what[i]) || (may_what[i] == "SYSTEM" && is_system(name))))
      return 1
  return 0
}

function is_excepted(layer, name, i) {
  for (i = 1; i <= not_count; i++)
    if (not_where[i] == layer &&
        (is_standard(name) ? name == not_what[i] : starts_with(name, not_what[i])))
      return 1
  return 0
}

function is_reserved(place, layer, name, i, j, count, allowed) {
  for (i = 1; i <= reserve_count; i++) {
    if (!starts_with(name, reserve_what[i])) continue
    count = split(reserve_where[i], allowed, " ")
    for (j = 1; j <= count; j++) if (covers(allowed[j], place, layer)) return 0
    return 1
  }
  return 0
}

function report(file, line, text) {
  printf "%s:%d: %s\n", file, line, text
  failed = 1
}

# Follows public headers into those that they include: a layer answers for all that it drags in.
function check_include(file, line, place, layer, name, through, count, names, i) {
  if (starts_with(name, "lockstep/")) {
    if (layer == "public") return
    if (seen[name]++) return
    if (is_reserved(place, layer, name)) {
      report(file, line, layer " may not include " name through)
      return
    }
    count = split(includes_of["include/" name], names, " ")
    for (i = 1; i <= count; i++)
      check_include(file, line, place, layer, names[i], " (through " name ")")
    return
  }
  if (!may_include(place, layer, name) || is_excepted(layer, name))
    report(file, line, layer " may not include " name through)
}

FILENAME == rules && $1 == "may" {
  for (i = 3; i <= NF; i++) { may_where[++may_count] = $2; may_what[may_count] = $i }
}

# "not" and "words" name layers first, then what is forbidden there.
FILENAME == rules && ($1 == "not" || $1 == "words") {
  for (last = 2; last <= NF && index(layers, " " $last " "); last++) ;
  for (j = 2; j < last; j++)
    for (i = last; i <= NF; i++)
      if ($1 == "not") { not_where[++not_count] = $j; not_what[not_count] = $i }
      else { word_where[++word_count] = $j; word_what[word_count] = $i }
}

FILENAME == rules && $1 == "reserve" {
  reserve_what[++reserve_count] = $2
  for (i = 3; i <= NF; i++) reserve_where[reserve_count] = reserve_where[reserve_count] " " $i
}

FILENAME == rules { next }

FNR == 1 { file_count++ }

/^[ \t]*#[ \t]*include/ {
  name = $0
  sub(/^[ \t]*#[ \t]*include[ \t]*[<"]/, "", name)
  sub(/[>"].*$/, "", name)
  found++
  found_file[found] = FILENAME
  found_line[found] = FNR
  found_name[found] = name
  includes_of[FILENAME] = includes_of[FILENAME] " " name
  next
}

{
  code = $0
  sub(/\/\/.*$/, "", code)
  layer = layer_of(FILENAME)
  for (i = 1; i <= word_count; i++)
    if (word_where[i] == layer && index(code, word_what[i]))
      report(FILENAME, FNR, layer " may not use " word_what[i])
}

END {
  if (file_count == 0) { print "no sources found"; exit 1 }
  for (k = 1; k <= found; k++) {
    layer = layer_of(found_file[k])
    if (layer == "") continue
    split("", seen)
    check_include(found_file[k], found_line[k], place_of(found_file[k]), layer, found_name[k], "")
  }
  exit failed
}
