"""The parts of bench/compare: subjects, scenarios, measuring, bars and report."""
