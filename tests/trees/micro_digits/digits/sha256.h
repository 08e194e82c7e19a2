// SHA-256 (FIPS 180-4).
#ifndef DIGITS_SHA256_H_
#define DIGITS_SHA256_H_

#include <stddef.h>
#include <stdint.h>

namespace digits {

// Writes the 32 bytes of the hash.
void hash_sha256(const uint8_t* data, size_t bytes, uint8_t* hash);

}  // namespace digits

#endif  // DIGITS_SHA256_H_
