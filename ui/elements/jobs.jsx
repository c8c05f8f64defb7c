// The journal's jobs; any of them can be opened here, whoever began it and wherever.
const FRESH_MS = 4000;

function JobLine({ job, again }) {
  const [naming, setNaming] = useState(null);
  const [sure, setSure] = useState(false);
  const rename = async (event) => {
    event.preventDefault();
    if (await act('qa3_rename', { job: job.id, name: naming })) setNaming(null);
    again();
  };
  const remove = async () => {
    if (!sure) return setSure(true);
    await act('qa3_delete', { job: job.id });
    setSure(false);
    again();
  };
  const button = (name, label, run) => (
    <Button size="sm" variant="outline" data-qa3={`${name}-${job.id}`}
      aria-label={`${label} ${job.name} ${job.id}`} onClick={run}>
      {label}
    </Button>
  );
  if (naming != null) {
    return (
      <form className="qa3-buttons" onSubmit={rename}
        onKeyDown={(event) => event.key === 'Escape' && setNaming(null)}>
        <input autoFocus value={naming} aria-label={say('name')} data-qa3="name" maxLength="120"
          onChange={(event) => setNaming(event.target.value)} />
        <Button size="sm" type="submit">{say('save')}</Button>
        <Button size="sm" type="button" variant="ghost" onClick={() => setNaming(null)}>
          {say('cancel')}
        </Button>
      </form>
    );
  }
  return (
    <>
      <span>
        <b>{job.name}</b>{' '}
        <span className="qa3-badge">{say(job.state.replace(' ', '_'))}</span>
        <span className="qa3-quiet">
          {new Date(job.created * 1000).toLocaleString()} · {job.backend} · {job.id}
          {job.kept != null && ` · ${say('pairs', { count: job.kept })}`}
          {job.done != null && ` · ${say('chunks', { done: job.done, total: job.chunks })}`}
        </span>
      </span>
      <span className="qa3-buttons">
        {button('open', say('open'), () => act('qa3_open', { job: job.id }))}
        {job.kept != null && !job.running && (
          <a className="qa3-review" href={`/desk/${job.id}`} target="_blank" rel="noopener"
            aria-label={`${say('review')} ${job.name} ${job.id}`}>
            {say('review')}
          </a>
        )}
        {button('rename', say('rename'), () => setNaming(job.name))}
        {!job.running && button('delete', say(sure ? 'delete_really' : 'delete'), remove)}
      </span>
    </>
  );
}

function Jobs() {
  const [jobs, setJobs] = useKept('jobs', null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let here = true;
    let timer = null;
    const look = async () => {
      try {
        const came = await ask('qa3_jobs');
        if (here) setJobs(came.jobs ?? []);
      } catch {
        // The next look may find the server again.
      }
      if (here) timer = setTimeout(look, document.hidden ? 5 * FRESH_MS : FRESH_MS);
    };
    look();
    return () => {
      here = false;
      clearTimeout(timer);
    };
  }, [turn]);
  const place = useRef(null);
  useEffect(() => {
    if (jobs && !kept.seen) place.current?.scrollIntoView({ block: 'center' });
    kept.seen = Boolean(jobs);
  }, [Boolean(jobs)]);
  if (!jobs) return <p className="qa3-quiet">…</p>;
  if (!jobs.length) return <p className="qa3-quiet">{say('no_jobs')}</p>;
  return (
    <section ref={place} className="qa3-job" data-qa3="jobs" aria-label={say('jobs')}>
      <ul className="qa3-jobs" tabIndex="0" aria-label={say('jobs')}>
        {jobs.map((job) => (
          <li key={job.id}>
            <JobLine job={job} again={() => setTurn((one) => one + 1)} />
          </li>
        ))}
      </ul>
    </section>
  );
}

export default (kept.element ??= Jobs);
