"""Whether the clock was set, by comparing it with the time that has passed."""

from datetime import timedelta

from careermail.clock import Clock

A_MOMENT = timedelta(seconds=20)  # by less, clocks are corrected all the time
NOTHING = timedelta(0)


class Timekeeper:
    """Compares a clock with itself, from one look to the next."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._shown, self._passed = clock.now(), clock.elapsed()

    def jump(self) -> timedelta:
        """By how much the clock was set since the last look, back if that is negative; nothing for no more than slack.

        A machine that slept is none that was set.
        """
        shown, passed = self._clock.now(), self._clock.elapsed()
        jump = (shown - self._shown) - (passed - self._passed)
        self._shown, self._passed = shown, passed
        return jump if abs(jump) > A_MOMENT else NOTHING
