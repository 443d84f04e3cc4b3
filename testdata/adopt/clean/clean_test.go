package clean

import (
	"testing"
	"time"
)

func TestOne(*testing.T) { time.Sleep(20 * time.Millisecond) }

func TestTwo(*testing.T) { time.Sleep(20 * time.Millisecond) }

func TestThree(*testing.T) { time.Sleep(20 * time.Millisecond) }

func TestFour(*testing.T) { time.Sleep(20 * time.Millisecond) }

func TestFive(*testing.T) { time.Sleep(20 * time.Millisecond) }

func TestSix(*testing.T) { time.Sleep(20 * time.Millisecond) }

func TestSeven(*testing.T) { time.Sleep(20 * time.Millisecond) }

func TestEight(*testing.T) { time.Sleep(20 * time.Millisecond) }

func TestNine(*testing.T) { time.Sleep(20 * time.Millisecond) }

func TestTen(*testing.T) { time.Sleep(20 * time.Millisecond) }
