const RUNNING_MS = 700;
const RESTING_MS = 15000;

// Every format as a button; a click makes the file and takes it.
function Downloads() {
  const [busy, setBusy] = useState('');
  const [proven, setProven] = useKept('proven', false);
  const take = async (format) => {
    setBusy(format);
    const came = await act('qa3_download', { format, proven });
    setBusy('');
    if (!came) return;
    const link = document.createElement('a');
    const place = `/project/file/${came.file}?session_id=${encodeURIComponent(came.session)}`;
    link.href = apiClient.buildEndpoint(place);
    link.download = came.name;
    link.click();
  };
  return (
    <div className="qa3-downloads" role="group" aria-label={say('download')}>
      <a className="qa3-review" href={`/desk/${props.job}`} target="_blank" rel="noopener"
        data-qa3="review">
        {say('review')}
      </a>
      <span className="qa3-quiet">{say('download')}:</span>
      {props.downloads.map(({ format, title }) => (
        <Button key={format} size="sm" variant="outline" disabled={busy === format}
          onClick={() => take(format)} data-qa3={`download-${format}`}>
          {title}
        </Button>
      ))}
      <label>
        <input type="checkbox" checked={proven} data-qa3="proven-only"
          onChange={(event) => setProven(event.target.checked)} />{' '}
        {say('proven_only')}
      </label>
      <p className="qa3-quiet">{say('csv_note')}</p>
    </div>
  );
}

// How everything ended; the sums are there to be checked.
function Account({ counts }) {
  return (
    <div className="qa3-account" data-qa3="account">
      <p>{say('counts_line', counts)}</p>
      <p>{say('chunks_line', counts)}</p>
    </div>
  );
}

// What can be done about a run that has ended: ask what failed, or was never asked, again.
function GoOn({ shown, changed }) {
  const run = async (name) => (await act(name)) && changed();
  const failed = shown.counts?.chunks_failed ?? 0;
  const unasked = shown.counts?.chunks_not_asked ?? 0;
  const stuck = !shown.counts || !['done', 'partial'].includes(shown.state);
  return (
    <>
      {(unasked > 0 || stuck) && (
        <Button size="sm" onClick={() => run('qa3_go_on')} data-qa3="go-on">
          {say('go_on')}
        </Button>
      )}
      {failed > 0 && (
        <Button size="sm" variant="outline" onClick={() => run('qa3_retry')} data-qa3="retry">
          {say('retry')} ({failed})
        </Button>
      )}
    </>
  );
}

// A job: asked about again and again while it runs, so that a page that slept shows the truth.
function Job() {
  const [asked, put] = useKept('asked', { view: 'kept', page: 0, size: SIZES[0], find: '' });
  const [shown, setShown] = useKept('shown', null);
  const [lost, setLost] = useState(false);
  const [told, setTold] = useState(false);
  const [turn, setTurn] = useState(0);
  const again = useCallback(() => setTurn((one) => one + 1), []);
  useEffect(() => {
    let here = true;
    let timer = null;
    const look = async () => {
      let next = RUNNING_MS;
      try {
        const came = await ask('qa3_look', asked);
        if (!here) return;
        setShown(came);
        setLost(false);
        next = came.running ? RUNNING_MS : RESTING_MS;
      } catch {
        if (!here) return;
        setLost(true);
        next = 3000;
      }
      timer = setTimeout(look, document.hidden ? 4 * next : next);
    };
    look();
    return () => {
      here = false;
      clearTimeout(timer);
    };
  }, [asked, turn]);
  useEffect(() => {
    if (shown && !shown.running) setTold(false);
  }, [shown?.running]);
  const place = useRef(null);
  useEffect(() => {
    if (shown && !kept.seen) place.current?.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
    kept.seen = Boolean(shown);
  }, [Boolean(shown)]);
  const stop = async () => {
    setTold(true);
    if (!(await act('qa3_stop'))) setTold(false);
    again();
  };
  if (!shown) return <p className="qa3-quiet">{lost ? say('lost') : '…'}</p>;
  if (shown.error) return <p className="qa3-warning">{shown.error}</p>;
  const state = shown.state.replace(' ', '_');
  return (
    <section ref={place} className="qa3-job" data-qa3="job" data-state={shown.state} aria-label={`${say('job')} ${shown.job}`}>
      <header className="qa3-line">
        <span>
          <b>{shown.name}</b>{' '}
          <span className={shown.broken ? 'qa3-badge qa3-bad' : 'qa3-badge'} data-qa3="state" role="status">
            {say(state)}
          </span>{' '}
          <span className="qa3-quiet">
            {say('job')} <a href={`?job=${shown.job}`} title={say('address')}>{shown.job}</a> · {shown.backend} ({shown.model})
          </span>
        </span>
        {!shown.running && <GoOn shown={shown} changed={again} />}
      </header>
      {lost && <p className="qa3-warning">{say('lost')}</p>}
      {shown.ending && (
        <div data-qa3={shown.broken ? 'failure' : 'ending'}>
          {shown.ending.map((line, at) => (
            <p key={line} className={shown.broken && at === 0 ? 'qa3-warning' : at > 0 ? 'qa3-quiet' : ''}>
              {line}
            </p>
          ))}
        </div>
      )}
      {shown.unread_count > 0 && (
        <div className="qa3-warning" data-qa3="unread">
          {say('unread')} ({shown.unread_count})
          <ul>{shown.unread.map((line) => <li key={line}>{line}</li>)}</ul>
        </div>
      )}
      {shown.running && <Progress shown={shown} stop={stop} stopping={told || shown.state === 'stopping'} />}
      {shown.counts && <Account counts={shown.counts} />}
      {shown.checks?.length > 0 && (
        <div className="qa3-quiet" data-qa3="checks">
          {shown.checks.map((told) => (
            <p key={told}>{told}</p>
          ))}
        </div>
      )}
      {shown.views && <Table shown={shown} asked={asked} put={put} changed={again} />}
      {shown.counts && <Downloads />}
    </section>
  );
}

// The same function whenever the element is built anew, so that nothing typed into it is lost.
export default (kept.element ??= Job);
