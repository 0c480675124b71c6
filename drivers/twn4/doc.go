// Package twn4 drives Elatec TWN4 readers that run the vendor's Simple Protocol.
package twn4
