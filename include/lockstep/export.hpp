#pragma once

// LOCKSTEP_EXPORT marks what a host may link to; everything else stays inside the library.
// The build defines LOCKSTEP_STATIC for whoever links the static library, and LOCKSTEP_BUILDING for
// the library's own sources.
#if defined(LOCKSTEP_STATIC)
#define LOCKSTEP_EXPORT
#elif defined(_WIN32)
#if defined(LOCKSTEP_BUILDING)
#define LOCKSTEP_EXPORT __declspec(dllexport)
#else
#define LOCKSTEP_EXPORT __declspec(dllimport)
#endif
#else
#define LOCKSTEP_EXPORT __attribute__((visibility("default")))
#endif
