// SHA-256 (FIPS 180-4).
#ifndef SPEECH_SHA256_H_
#define SPEECH_SHA256_H_

#include <stddef.h>
#include <stdint.h>

namespace speech {

// Writes the 32 bytes of the hash.
void hash_sha256(const uint8_t* data, size_t bytes, uint8_t* hash);

}  // namespace speech

#endif  // SPEECH_SHA256_H_
