//go:build unix

package plain

import (
	"testing"

	"soak/script"
)

func Test00(t *testing.T) { script.Run(t) }
func Test01(t *testing.T) { script.Run(t) }
func Test02(t *testing.T) { script.Run(t) }
func Test03(t *testing.T) { script.Run(t) }
func Test04(t *testing.T) { script.Run(t) }
func Test05(t *testing.T) { script.Run(t) }
func Test06(t *testing.T) { script.Run(t) }
func Test07(t *testing.T) { script.Run(t) }
func Test08(t *testing.T) { script.Run(t) }
func Test09(t *testing.T) { script.Run(t) }
func Test10(t *testing.T) { script.Run(t) }
func Test11(t *testing.T) { script.Run(t) }
func Test12(t *testing.T) { script.Run(t) }
func Test13(t *testing.T) { script.Run(t) }
func Test14(t *testing.T) { script.Run(t) }
func Test15(t *testing.T) { script.Run(t) }
func Test16(t *testing.T) { script.Run(t) }
func Test17(t *testing.T) { script.Run(t) }
func Test18(t *testing.T) { script.Run(t) }
func Test19(t *testing.T) { script.Run(t) }
