// Package tree is the Merkle log that stands for a stream (RFC 6962, in the notation of C2SP tlog-checkpoint): what one
// record commits to, the tree over these commitments, and the signed checkpoints that gateways, their neighbours and central
// exchange. It stores nothing, reads no clock and trusts no key it is not given.
package tree
