const SILENT_MS = 60000;

// How far a run is: one line and a bar, changed in place.
function Progress({ shown, stop, stopping }) {
  const { progress } = shown;
  const now = Date.now();
  const seen = JSON.stringify([shown.state, progress?.done, progress?.tokens, progress?.checked]);
  if (kept.moved?.seen !== seen) kept.moved = { seen, at: now };
  const silent = now - kept.moved.at;
  const ready = progress && progress.total > 0;
  const share = ready ? Math.round((100 * progress.done) / progress.total) : 0;
  const parts = [];
  if (ready) {
    parts.push(say('chunks', progress));
    if (progress.pairs != null) parts.push(say('pairs', { count: progress.pairs }));
    if (progress.aside) parts.push(say('aside', { count: progress.aside }));
    if (progress.failed) parts.push(say('failed_now', { count: progress.failed }));
    if (progress.tokens) parts.push(say('tokens', { count: progress.tokens.toLocaleString() }));
    if (progress.done === progress.total && progress.to_check > progress.checked)
      parts.push(say('checking', { done: progress.checked, total: progress.to_check }));
    if (progress.eta != null) parts.push(say('eta', { time: inWords(progress.eta) }));
  } else {
    parts.push(say(shown.state === 'waiting' ? 'waiting' : 'preparing'));
    if (progress?.pairs) parts.push(say('pairs', { count: progress.pairs }));
  }
  if (silent > SILENT_MS && shown.state !== 'waiting')
    parts.push(say('silent', { time: inWords(silent / 1000) }));
  return (
    <div className="qa3-progress">
      <div
        className={ready ? 'qa3-bar' : 'qa3-bar qa3-bar-idle'}
        role="progressbar"
        aria-label={say('job')}
        aria-valuemin="0"
        aria-valuemax="100"
        aria-valuenow={share}
      >
        <div style={{ width: `${share}%` }} />
      </div>
      <div className="qa3-line">
        <span className="qa3-numbers" aria-live="off">
          {parts.join(' · ')}
        </span>
        <Button size="sm" variant="outline" onClick={stop} disabled={stopping} data-qa3="stop">
          {say(stopping ? 'stopping' : 'stop')}
        </Button>
      </div>
    </div>
  );
}
