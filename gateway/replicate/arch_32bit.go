//go:build 386 || arm || mips || mipsle

package replicate

// On 32-bit systems Badger writes without any error and loses most keys (its allocator shifts a 32-bit int by 32 bits), so
// the program must not exist there. The compiler prints the next name.
var _ = rollcall_needs_a_64_bit_system_install_the_arm64_or_amd64_release
