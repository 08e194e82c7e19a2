// SHA-256 (FIPS 180-4).
#ifndef KEYWORD_SCRAMBLED_8BIT_SHA256_H_
#define KEYWORD_SCRAMBLED_8BIT_SHA256_H_

#include <stddef.h>
#include <stdint.h>

namespace keyword_scrambled_8bit {

// Writes the 32 bytes of the hash.
void hash_sha256(const uint8_t* data, size_t bytes, uint8_t* hash);

}  // namespace keyword_scrambled_8bit

#endif  // KEYWORD_SCRAMBLED_8BIT_SHA256_H_
