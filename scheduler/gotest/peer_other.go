//go:build !linux && !darwin

package gotest

import "net"

// checkPeer accepts every peer: this system does not say who it is. The
// socket's directory is private and the peer must know the token.
func checkPeer(*net.UnixConn) error { return nil }
