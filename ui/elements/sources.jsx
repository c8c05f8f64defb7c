// Where an answer is drawn from: pairs and passages, each with its document and page.
export default function Sources() {
  const say = (name, fields = {}) =>
    (props.words[name] ?? name).replace(/\{(\w+)\}/g, (whole, field) => fields[field] ?? whole);
  return (
    <section className="qa3-job" data-qa3="sources" aria-label={say('sources')}>
      <b>{say('sources')}</b>
      <ol className="qa3-sources">
        {props.sources.map((one, at) => (
          <li key={at}>
            <details>
              <summary>
                {one.question || `${one.quote.slice(0, 60)}…`}{' '}
                <span className="qa3-place">
                  {one.source}
                  {one.page ? `, ${say('page', { page: one.page })}` : ''}
                </span>
              </summary>
              {one.answer && <p>{one.answer}</p>}
              <blockquote className="qa3-passage">{one.quote}</blockquote>
            </details>
          </li>
        ))}
      </ol>
    </section>
  );
}
