// How far reading is, with a button to give it up; it goes when everything is read.
function Reading() {
  const [shown, setShown] = useState(null);
  const [began] = useKept('began', Date.now());
  const [left, setLeft] = useState(false);
  useEffect(() => {
    let timer = null;
    let here = true;
    const look = async () => {
      try {
        const came = await ask('qa3_reading', { reading: props.reading });
        if (here) setShown(came);
      } catch {
        // The next look may find the server again.
      }
      if (here) timer = setTimeout(look, 700);
    };
    look();
    return () => {
      here = false;
      clearTimeout(timer);
    };
  }, []);
  if (!shown || shown.over) return null;
  const cancel = async () => {
    setLeft(true);
    if (!(await act('qa3_cancel_reading', { reading: props.reading }))) setLeft(false);
  };
  const parts = [];
  if (shown.files > 1) parts.push(say('reading_file', shown));
  if (shown.whole) parts.push(say('reading_pages', { done: shown.pages, total: shown.whole }));
  else if (shown.pages > 1) parts.push(say('reading_page', { done: shown.pages }));
  parts.push(say('elapsed', { time: inWords((Date.now() - began) / 1000) }));
  const share = shown.whole ? Math.round((100 * shown.pages) / shown.whole) : 0;
  return (
    <section className="qa3-job" data-qa3="reading">
      <div className={shown.whole ? 'qa3-bar' : 'qa3-bar qa3-bar-idle'} role="progressbar"
        aria-label={say('reading', shown)} aria-valuemin="0" aria-valuemax="100" aria-valuenow={share}>
        <div style={{ width: `${share}%` }} />
      </div>
      <div className="qa3-line">
        <span className="qa3-numbers">
          {say('reading', shown)} · {parts.join(' · ')}
        </span>
        <Button size="sm" variant="outline" onClick={cancel} disabled={left} data-qa3="cancel-reading">
          {say('cancel')}
        </Button>
      </div>
    </section>
  );
}

export default (kept.element ??= Reading);
